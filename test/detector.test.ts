// What identifies a detector, and by what it decides.
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
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

describe("what a scan decides by", () => {
  const calibration = {
    method: "sigmoid",
    a: -2,
    b: 0.5,
    chosenOn: "validation",
    videos: 20,
    realVideos: 15,
    groups: 10,
    samples: 2,
    seed: 1,
    resamples: [
      [-1, 0],
      [-3, 1],
    ],
    reliability: null,
  };
  const thresholds = [
    { name: "eer", value: 0.25, fpr: 0.125, tpr: 0.875 },
    { name: "fpr-0", value: 1e9, fpr: 0, tpr: 0 },
    { name: "tpr-99", value: -1e9, fpr: 1, tpr: 1 },
  ];
  const reason = "The threshold fpr-1 needs at least 100 real videos to be chosen on; there are 15.";
  const thresholdsOmitted = [{ name: "fpr-1", reason }];

  function detectorWith(name: string, changes: object): string {
    cpSync(at("detector"), at(name), { recursive: true });
    const path = join(at(name), "detector.json");
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, "utf8")), ...changes }));
    return at(name);
  }

  test("probability and interval come from the stored calibration, and move with the prevalence", async () => {
    await using detector = await loadDetector(detectorWith("calibrated", { calibration, thresholds }));
    const { score = Number.NaN, probability, interval = [] } = await detector.scan(at("1.mp4"));
    const sigmoid = (a: number, b: number) => 1 / (1 + Math.exp(a * score + b));
    expect(probability).toBeCloseTo(sigmoid(-2, 0.5), 14);
    const [low = 0, high = 0] = [sigmoid(-1, 0), sigmoid(-3, 1)].sort((a, b) => a - b);
    const between = [low + 0.025 * (high - low), low + 0.975 * (high - low)];
    expect(interval[0]).toBeCloseTo(Math.min(between[0] ?? 0, probability ?? 0), 14);
    expect(interval[1]).toBeCloseTo(Math.max(between[1] ?? 0, probability ?? 0), 14);
    const rare = await detector.scan(at("1.mp4"), { prevalence: 0.01 });
    const odds = ((probability ?? 0) / (1 - (probability ?? 0))) * (0.01 / 0.99 / (5 / 15));
    expect(rare.probability).toBeCloseTo(odds / (1 + odds), 14);
    expect(rare.score).toBe(score);
  });

  test("the verdict is that of the threshold asked for; frames and segments follow", async () => {
    await using detector = await loadDetector(detectorWith("thresholds", { thresholds, thresholdsOmitted }));
    const scan = (threshold?: "convenience" | "security" | "tpr-99" | number) =>
      detector.scan(at("1.mp4"), threshold === undefined ? {} : { threshold });
    expect((await scan()).threshold).toEqual({ name: "eer", value: 0.25, fpr: 0.125 });
    expect(await scan("convenience")).toMatchObject({ verdict: "real", segments: [], threshold: { name: "fpr-0" } });
    expect(await scan("security")).toMatchObject({ verdict: "fake", threshold: { name: "tpr-99", fpr: 1 } });
    expect(await scan("tpr-99")).toMatchObject({ verdict: "fake", segments: [{ score: expect.any(Number) }] });
    const { score = Number.NaN } = await scan();
    expect(await scan(score)).toMatchObject({ verdict: "fake", threshold: { name: "given", value: score } });
    expect((await scan(score + 1e-9)).verdict).toBe("real");
    expect((await scan(score)).threshold).not.toHaveProperty("fpr");
  });

  test("what the detector does not have is refused before a video is opened", async () => {
    const none = { method: "none", reason: "A calibration needs at least 5 videos of each class." };
    await using detector = await loadDetector(
      detectorWith("bare", { calibration: none, thresholds, thresholdsOmitted }),
    );
    const verdict = await detector.scan(at("1.mp4"));
    expect(verdict).not.toHaveProperty("probability");
    expect(verdict).not.toHaveProperty("interval");
    for (const start of [detector.scan.bind(detector), detector.scanMany.bind(detector)]) {
      const scan = (options: object) => () => start("no-such-file.mp4" as never, options);
      expect(scan({ prevalence: 0.1 })).toThrow(/at least 5 videos of each class.* unreel calibrate/);
      expect(scan({ prevalence: 1 })).toThrow(RangeError);
      expect(scan({ threshold: Number.NaN })).toThrow(RangeError);
      expect(scan({ threshold: "strict" })).toThrow(TypeError);
      expect(scan({ threshold: "fpr-1" })).toThrow(reason);
    }
  });

  test("an abstention has no probability", async () => {
    await using detector = await loadDetector(detectorWith("strict", { calibration, thresholds, minFrames: 5 }));
    const verdict = await detector.scan(at("1.mp4"));
    expect(verdict).toMatchObject({ verdict: "inconclusive", reason: "too-few-frames", threshold: { name: "eer" } });
    expect(verdict).not.toHaveProperty("probability");
  });
});
