// Embeddings into a store, through the library.
import { join } from "node:path";
import { expect, test } from "vitest";
import { createOrOpenStore, extractFeatures, loadEncoder } from "../../src/index.js";
import { writeClip, writeTinyEncoder } from "../support/fixtures.js";
import { temporaryFolder } from "../support/folders.js";

const folder = temporaryFolder("extract");
const at = (name: string) => join(folder, name);

test("one file under two ids is embedded once and stored for each; a bad file is stored as a failure", async () => {
  writeTinyEncoder(at("tiny.onnx"));
  await writeClip(at("clip.mp4"), 6);
  await using encoder = await loadEncoder(at("tiny.onnx"));
  const { dimension } = encoder.info;
  const store = await createOrOpenStore(at("features"), { dimension, fingerprint: encoder.fingerprint(4) });
  const videos = [
    { id: "a", path: at("clip.mp4"), group: "a" },
    { id: "b", path: at("clip.mp4"), group: "b" },
    { id: "c", path: at("missing.mp4"), group: "c" },
  ];
  expect(await extractFeatures(videos, encoder, store, { count: 4 })).toEqual({
    skipped: 0,
    videos: 2,
    failed: 1,
    rows: 8,
  });
  const table = await store.read();
  expect(table.videos.map(({ id, rows }) => [id, rows])).toEqual([
    ["a", 4],
    ["b", 4],
  ]);
  expect(table.x.slice(0, 4 * dimension)).toEqual(table.x.slice(4 * dimension));
  expect(await store.failures()).toMatchObject([{ id: "c", error: { code: "ERR_UNREEL_NOT_FOUND" } }]);
  expect(await extractFeatures(videos, encoder, store, { count: 4 })).toMatchObject({ skipped: 3, videos: 0 });
});
