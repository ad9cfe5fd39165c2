// What identifies a detector.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import {
  createOrOpenStore,
  extractFeatures,
  loadDetector,
  loadEncoder,
  makeModel,
  trainDetectorHead,
  trainDetectorSvm,
} from "../src/index.js";
import { writeClip } from "./support/fixtures.js";
import { temporaryFolder } from "./support/folders.js";

const folder = temporaryFolder("detector");
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  await makeModel("tiny", at("tiny.onnx"));
  await using encoder = await loadEncoder(at("tiny.onnx"));
  const { dimension, parts } = encoder.info;
  const store = await createOrOpenStore(at("features"), { dimension, fingerprint: encoder.fingerprint(4) });
  const clips = [0, 1, 2, 3].map((hue) => ({ path: at(`${hue}.mp4`), hue }));
  for (const each of clips) await writeClip(each.path, 8, { hue: 40 * each.hue });
  const videos = clips.map((clip) => ({
    id: clip.path,
    path: clip.path,
    label: (clip.hue & 1) as 0 | 1,
    group: `g${clip.hue >> 1}`,
  }));
  await extractFeatures(videos, encoder, store, { count: 4 });
  await trainDetectorHead(store, at("detector"), { epochs: 1, dim: 4, validation: 0.5, encoders: parts });
  await trainDetectorSvm(store, at("detector"));
});

async function idOf(): Promise<string> {
  await using detector = await loadDetector(at("detector"));
  return detector.id;
}

test("its id is the same each time, and another when anything in detector.json is another", async () => {
  const id = await idOf();
  expect(id).toMatch(/^[0-9a-f]{16}$/);
  expect(await idOf()).toBe(id);
  const path = join(at("detector"), "detector.json");
  const text = readFileSync(path, "utf8");
  const description = JSON.parse(text);
  writeFileSync(path, JSON.stringify(description));
  expect(await idOf()).toBe(id);
  const [threshold] = description.thresholds;
  writeFileSync(path, JSON.stringify({ ...description, minFrames: description.minFrames - 1 }));
  const others = [await idOf()];
  writeFileSync(path, JSON.stringify({ ...description, thresholds: [{ ...threshold, value: threshold.value + 1 }] }));
  others.push(await idOf());
  expect(new Set([id, ...others]).size).toBe(3);
});
