// Embeddings into a store, through the library.
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { DatasetVideo } from "../../src/datasets/video.js";
import { createOrOpenStore, type ExtractOptions, extractFeatures, loadEncoder } from "../../src/index.js";
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
    failedBefore: 0,
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
  expect(await extractFeatures(videos, encoder, store, { count: 4 })).toMatchObject({ skipped: 2, failed: 1 });
});

describe("a later run", () => {
  /** A store with one good clip and one bad file of this content. */
  async function storeWith(bad: string, name: string) {
    if (!existsSync(at("tiny.onnx"))) writeTinyEncoder(at("tiny.onnx"));
    await writeClip(at("good.mp4"), 6);
    const path = at(`${name}.mp4`);
    if (bad !== "") writeFileSync(path, bad);
    const encoder = await loadEncoder(at("tiny.onnx"));
    onTestFinished(() => encoder.close());
    const options = { dimension: encoder.info.dimension, fingerprint: encoder.fingerprint(4) };
    const store = await createOrOpenStore(at(name), options);
    const videos: DatasetVideo[] = [
      { id: "good", path: at("good.mp4"), group: "a", label: 0, split: "train", identities: ["id0"] },
      { id: "bad", path, group: "b", label: 1 },
    ];
    const extract = (list = videos, more: ExtractOptions = {}) =>
      extractFeatures(list, encoder, store, { count: 4, ...more });
    expect(await extract()).toMatchObject({ videos: 1, failed: 1, failedBefore: 0 });
    return { path, store, videos, extract };
  }

  test("tries a file that was missing again, and has its rows once it is there", async () => {
    const { path, store, extract } = await storeWith("", "was-missing");
    await writeClip(path, 6, { hue: 9 });
    expect(await extract()).toEqual({ skipped: 1, failedBefore: 0, videos: 1, failed: 0, rows: 4 });
    expect(await store.failures()).toEqual([]);
  });

  test("counts a file that is no video as failed before, and tries it again with retryFailed", async () => {
    const { path, extract } = await storeWith("no video\n".repeat(99), "no-video");
    expect(await extract()).toEqual({ skipped: 1, failedBefore: 1, videos: 0, failed: 0, rows: 0 });
    await writeClip(path, 6, { hue: 9 });
    expect(await extract()).toMatchObject({ failedBefore: 1, videos: 0 });
    expect(await extract(undefined, { retryFailed: true })).toMatchObject({ failedBefore: 0, videos: 1 });
  });

  test.each([
    ["label", { label: 1 as const }, "real", "fake"],
    ["split", { split: "test" }, '"train"', '"test"'],
    ["group", { group: "z" }, '"a"', '"z"'],
    ["source", { source: "s" }, "nothing", '"s"'],
    ["identities", { identities: ["id1"] }, '["id0"]', '["id1"]'],
    ["method", { method: "blend" }, "nothing", '"blend"'],
    ["dataset", { dataset: "d" }, "nothing", '"d"'],
  ])("is refused before any work when the %s of a stored video is another now", async (field, facts, stored, given) => {
    const { store, videos, extract } = await storeWith("no video\n".repeat(99), `other-${field}`);
    const [good, bad] = videos as [DatasetVideo, DatasetVideo];
    const more = { id: "new", path: at("good.mp4"), group: "n" };
    await expect(extract([{ ...good, ...facts }, bad, more])).rejects.toMatchObject({
      code: "ERR_UNREEL_MANIFEST_INVALID",
      details: { id: "good", field, stored, given },
    });
    await expect(extract([good, { ...bad, group: "other" }])).rejects.toMatchObject({ details: { id: "bad" } });
    expect(await store.describe()).toMatchObject({ videos: 1, failed: 1 });
  });
});
