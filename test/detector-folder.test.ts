// What a detector's folder must be; what the commands say of damaged ones is in cli/bad-input.test.ts.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  type DetectorDescription,
  prepareDetectorFolder,
  readDescription,
  readEncoderReferences,
  writeDescription,
} from "../src/detector-folder.js";
import { temporaryFolder, writeTree } from "./support/folders.js";

const scratch = temporaryFolder("detector-folder");
let folders = 0;

const description: Omit<DetectorDescription, "files"> = {
  schema: 1,
  fingerprint: { encoders: [{ sha256: "ab12", dimension: 4 }], count: 16 },
  training: { unreel: "0.1.0", manifestSha256: "cd34", rows: 8, videos: [], validationGroups: ["g"], seed: 3 },
  head: { loss: "supcon", dimension: 128, temperature: 0.07, epoch: 4 },
  minFrames: 4,
  features: "projection",
  thresholds: [{ name: "eer", value: -0.0625, fpr: 0.25, tpr: 0.75, videos: 8, realVideos: 4, chosenOn: "validation" }],
};

const record = {
  chosenOn: "validation",
  videos: 20,
  realVideos: 10,
  groups: 5,
  samples: 2,
  seed: 1,
  reliability: null,
};
const sigmoid = { method: "sigmoid", a: -1, b: 0, ...record, resamples: [[-1, 0.5]] };
const isotonic = {
  method: "isotonic",
  scores: [0, 1],
  probabilities: [0.25, 0.75],
  ...record,
  bounds: { scores: [0, 1], lower: [0.125, 0.5], upper: [0.375, 0.875] },
};

/** A folder with a head and an SVM in it, described. */
async function detector(encoders?: { path: string; sha256: string }[]): Promise<string> {
  const dir = writeTree(join(scratch, String(folders++)), { "head.safetensors": "head", "svm.model": "svm" });
  await writeDescription(dir, description, ["head.safetensors", "svm.model"], encoders);
  return dir;
}

const invalid = (dir: string, file: string, message = /./) =>
  expect.objectContaining({
    code: "ERR_UNREEL_DETECTOR_INVALID",
    category: "model",
    details: { path: join(dir, file), file },
    message: expect.stringMatching(message),
  });

describe("detector.json", () => {
  it("comes back as it was, with the SHA-256 of each file beside it", async () => {
    const dir = await detector();
    const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
    expect(await readDescription(dir)).toEqual({
      ...description,
      files: { "head.safetensors": sha256("head"), "svm.model": sha256("svm") },
    });
    expect(readdirSync(dir).sort()).toEqual(["detector.json", "head.safetensors", "svm.model"]);
  });

  it.each([sigmoid, isotonic, { method: "none", reason: "too few" }])("keeps a calibration: $method", async (each) => {
    const dir = await detector();
    const path = join(dir, "detector.json");
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, "utf8")), calibration: each }));
    expect((await readDescription(dir)).calibration).toEqual(each);
  });

  it("is replaced by a later training", async () => {
    const dir = await detector();
    const { features: _, thresholds: __, ...head } = description;
    await writeDescription(dir, { ...head, minFrames: 9 }, ["head.safetensors"]);
    expect(await readDescription(dir)).toMatchObject({
      minFrames: 9,
      files: { "head.safetensors": expect.any(String) },
    });
  });

  it.each(["head.safetensors", "svm.model"])("refuses another %s: one byte, one more, none", async (file) => {
    const dir = await detector();
    const whole = readFileSync(join(dir, file), "utf8");
    for (const text of [whole.replace(/^./, "H"), `${whole}\n`, ""]) {
      writeFileSync(join(dir, file), text);
      await expect(readDescription(dir)).rejects.toEqual(invalid(dir, file, /bytes/));
    }
    rmSync(join(dir, file));
    await expect(readDescription(dir)).rejects.toEqual(invalid(dir, file, /missing/));
    writeFileSync(join(dir, file), whole);
    await readDescription(dir);
  });

  it.each([
    ["no JSON", "{"],
    ["a list", "[]"],
    ["null", "null"],
    ["of a later schema", JSON.stringify({ ...description, schema: 2, files: {} })],
    ["without a fingerprint", JSON.stringify({ ...description, fingerprint: undefined, files: {} })],
    ["without a training", JSON.stringify({ ...description, training: undefined, files: {} })],
    ["without files", JSON.stringify(description)],
  ])("is refused when it is %s", async (_what, text) => {
    const dir = await detector();
    writeFileSync(join(dir, "detector.json"), text);
    await expect(readDescription(dir)).rejects.toEqual(invalid(dir, "detector.json"));
  });

  it.each<[string, object]>([
    ["minFrames", { minFrames: 0 }],
    ["minFrames", { minFrames: "4" }],
    ["fingerprint.count", { fingerprint: { encoders: [], count: 1.5 } }],
    ["training.videos", { training: { ...description.training, videos: {} } }],
    ["features", { features: "pixels" }],
    ["thresholds", { thresholds: [] }],
    ["thresholds", { thresholds: {} }],
    ["thresholds\\[0\\].value", { thresholds: [{ ...description.thresholds?.[0], value: "0" }] }],
    ["thresholds\\[0\\].value", { thresholds: [null] }],
    ["calibration: .*method", { calibration: { method: "magic" } }],
    ["calibration: it is no object", { calibration: null }],
    ["calibration: .*both classes", { calibration: { ...sigmoid, realVideos: 0 } }],
    ["calibration: a or b", { calibration: { ...sigmoid, b: "0" } }],
    ["calibration: its resamples", { calibration: { ...sigmoid, resamples: [[1]] } }],
    ["calibration: scores do not rise", { calibration: { ...isotonic, scores: [1, 1] } }],
    ["calibration: scores do not rise", { calibration: { ...isotonic, scores: [], probabilities: [] } }],
    ["calibration: .*outside 0 to 1", { calibration: { ...isotonic, probabilities: [0, 1.5] } }],
    ["calibration: .*not as many", { calibration: { ...isotonic, bounds: { scores: [1], lower: [0], upper: [] } } }],
    ["calibratedOn.videos", { calibratedOn: {} }],
    ["files does not name svm.model", { files: { "head.safetensors": "12" } }],
    ["files does not name head.safetensors", { files: { "svm.model": "12" } }],
  ])("is refused for its %s when that is not what training writes", async (field, change) => {
    const dir = await detector();
    const path = join(dir, "detector.json");
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, "utf8")), ...change }));
    await expect(readDescription(dir)).rejects.toEqual(invalid(dir, "detector.json", new RegExp(field)));
  });

  it("is missed in a folder without it, and a folder is missed where there is none", async () => {
    const dir = await detector();
    rmSync(join(dir, "detector.json"));
    await expect(readDescription(dir)).rejects.toEqual(invalid(dir, "detector.json", /missing/));
    const nowhere = { code: "ERR_UNREEL_NOT_FOUND" };
    await expect(readDescription(join(dir, "nowhere"))).rejects.toMatchObject(nowhere);
    await expect(readDescription(join(dir, "svm.model"))).rejects.toMatchObject(nowhere);
  });
});

describe("encoder.json", () => {
  it("says where the encoders lie, where that is known", async () => {
    const encoders = [
      { path: "/models/encoder.onnx", sha256: "ef56" },
      { path: "/models/residual.onnx", sha256: "ab12" },
    ];
    expect(await readEncoderReferences(await detector(encoders))).toEqual(encoders);
    expect(await readEncoderReferences(await detector())).toBeUndefined();
  });

  it.each([
    "{",
    "[]",
    "null",
    '{"path": "/a.onnx", "sha256": "ef56"}',
    '{"encoders": []}',
    '{"encoders": [null]}',
    '{"encoders": [{"path": 3, "sha256": "ef56"}]}',
  ])("is refused when it is %s", async (text) => {
    const dir = await detector();
    writeFileSync(join(dir, "encoder.json"), text);
    await expect(readEncoderReferences(dir)).rejects.toEqual(invalid(dir, "encoder.json"));
  });
});

describe("a folder for a detector", () => {
  it("may be new, empty or an earlier detector's, and nobody else's", async () => {
    await prepareDetectorFolder(join(scratch, "new/one"));
    await prepareDetectorFolder(join(scratch, "new/one"));
    const dir = await detector();
    await prepareDetectorFolder(dir);
    await readDescription(dir);
    const foreign = join(scratch, "foreign");
    mkdirSync(foreign);
    writeFileSync(join(foreign, "svm.model"), "mine");
    await expect(prepareDetectorFolder(foreign)).rejects.toMatchObject({ code: "ERR_UNREEL_OUTPUT_EXISTS" });
    expect(readdirSync(foreign)).toEqual(["svm.model"]);
  });
});
