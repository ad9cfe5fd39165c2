// A detector measured on a split of a store: what is refused as seen in training, and what the report says of it.
import { createHash } from "node:crypto";
import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import {
  createOrOpenStore,
  evaluateDetector,
  type FeatureStore,
  openStore,
  trainDetectorHead,
  trainDetectorSvm,
} from "../../src/index.js";
import { runCli } from "../support/cli.js";
import { temporaryFolder } from "../support/folders.js";

const folder = temporaryFolder("evaluate-detector");
const at = (name: string) => join(folder, name);
const dimension = 8;
const detector = at("detector");

/** What a file's pixels give, whatever it is called: real ones around one point, fake ones around another. */
function rowsOf(file: number): Float32Array {
  return Float32Array.from(
    { length: 4 * dimension },
    (_, i) => ((file & 1) === (i & 1) ? 1 : 0) + file / 100 + i / 999,
  );
}

interface Named {
  readonly id: string;
  readonly file: number;
  readonly group: string;
  readonly split: string;
}

/** A store of these files under these names; odd files are fake. */
async function storeOf(name: string, videos: readonly Named[], dtype: "<f2" | "<f4" = "<f2"): Promise<FeatureStore> {
  const fingerprint = { encoders: [{ sha256: "ab12", dimension: 8 }], count: 4 };
  const store = await createOrOpenStore(at(name), { dimension, dtype, fingerprint });
  await using writer = await store.writer();
  for (const { id, file, group, split } of videos) {
    const frames = [0, 1, 2, 3].map((frame) => ({ frame, ptsUs: frame * 40_000 }));
    const label = (file & 1) as 0 | 1;
    await writer.add({ id, uri: `/${id}`, label, group, split, frames, embeddings: rowsOf(file) });
  }
  return store;
}

const named = (prefix: string, split: string, files: readonly number[]): Named[] =>
  files.map((file) => ({ id: `${prefix}${file}`, file, group: `${prefix}${file >> 1}`, split }));

beforeAll(async () => {
  const store = await storeOf("train", [
    ...named("a", "train", [0, 1, 2, 3, 4, 5, 6, 7]),
    ...named("t", "test", [20, 21]),
  ]);
  await trainDetectorHead(store, detector, { epochs: 2, dim: 4, validation: 0.5 });
  await trainDetectorSvm(store, detector);
});

describe("a test on what trained the detector", () => {
  it.each(["<f2", "<f4"] as const)("is refused though other ids name the files, in a store of %s", async (dtype) => {
    const store = await storeOf(`other-${dtype}`, named("z", "test", [10, 11, 2, 3]), dtype);
    await expect(evaluateDetector(store, detector, { split: "test" })).rejects.toMatchObject({
      code: "ERR_UNREEL_SPLIT_LEAK",
      message: expect.stringMatching(/2 videos \(a2, a3\)/),
      details: { videos: 2 },
    });
  });

  it("is refused where one store names a file twice, once for each side", async () => {
    const videos = [...named("a", "train", [0, 1, 2, 3]), ...named("z", "test", [3, 4])];
    const store = await storeOf("twice", videos);
    await trainDetectorHead(store, at("twice-detector"), { epochs: 1, dim: 4, validation: 0.5 });
    await trainDetectorSvm(store, at("twice-detector"));
    await expect(evaluateDetector(store, at("twice-detector"))).rejects.toMatchObject({
      code: "ERR_UNREEL_SPLIT_LEAK",
      details: { videos: 1 },
    });
  });
});

describe("the report", () => {
  it("says that other videos trained the detector, and that the groups keep them apart", async () => {
    const { provenance } = await evaluateDetector(await openStore(at("train")), detector);
    expect(provenance).toMatchObject({ protocol: expect.stringContaining("on other videos"), splitBy: "group" });
    expect(provenance.shared).toBe("nothing");
  });

  it("says what is shared, and claims no separation then", async () => {
    const store = await storeOf("same-group", [
      { id: "y0", file: 30, group: "a0", split: "test" },
      { id: "y1", file: 31, group: "y", split: "test" },
    ]);
    const { provenance } = await evaluateDetector(store, detector, { allowShared: new Set(["group"]) });
    expect(provenance.protocol).toMatch(/share group/);
    expect(provenance.protocol).not.toMatch(/other videos/);
    expect(provenance.splitBy).toBeUndefined();
    expect(provenance.shared).toBe("group (allowed: group)");
  });

  it("holds the command that makes it again, quoted", async () => {
    const out = at("a report");
    const args = ["--detector", detector, "--out", out, "--allow-shared", "group,source", "--title", "Anna's"];
    const result = await runCli(["evaluate", at("train"), ...args]);
    expect(result.status, result.stderr).toBe(0);
    const { provenance } = JSON.parse(readFileSync(join(out, "metrics.json"), "utf8"));
    expect(provenance.command).toBe(
      `unreel evaluate ${at("train")} --detector ${detector} --split test --out '${out}' ` +
        `--allow-shared group,source --title 'Anna'\\''s'`,
    );
  });
});

describe("how the head was trained", () => {
  it("stands in the report: figures of every epoch, and two plots", async () => {
    const out = at("trained report");
    const result = await runCli(["evaluate", at("train"), "--detector", detector, "--out", out]);
    expect(result.status, result.stderr).toBe(0);
    const { training } = JSON.parse(readFileSync(join(out, "metrics.json"), "utf8"));
    expect(training).toEqual(JSON.parse(readFileSync(join(detector, "history.json"), "utf8")));
    expect(training.epochs).toHaveLength(2);
    const page = readFileSync(join(out, "report.html"), "utf8");
    expect(page).toContain("Training of the head");
    expect(page).toContain('<title id="loss-title">Loss by epoch</title>');
    expect(page).toContain(`over 2 epochs; epoch ${training.bestEpoch} was kept.`);
    expect(page).toContain('<title id="auc-title">AUC by epoch</title>');
  });

  it.each<[string, (text: string) => string, RegExp]>([
    ["cut", (text) => text.slice(0, 40), /history\.json/],
    ["of another schema", (text) => text.replace('"schema": 1', '"schema": 9'), /history of schema 1/],
    ["without its best epoch", (text) => text.replace(/"bestEpoch": \d+/, '"bestEpoch": 7'), /bestEpoch/],
  ])("is refused where history.json is %s", async (name, change, message) => {
    const copy = at(`history ${name}`);
    cpSync(detector, copy, { recursive: true });
    const history = change(readFileSync(join(copy, "history.json"), "utf8"));
    writeFileSync(join(copy, "history.json"), history);
    const description = JSON.parse(readFileSync(join(copy, "detector.json"), "utf8"));
    description.files["history.json"] = createHash("sha256").update(history).digest("hex");
    writeFileSync(join(copy, "detector.json"), JSON.stringify(description));
    await expect(evaluateDetector(await openStore(at("train")), copy)).rejects.toMatchObject({
      code: "ERR_UNREEL_DETECTOR_INVALID",
      message: expect.stringMatching(message),
    });
  });
});

describe("thresholds and probabilities", () => {
  const calibration = {
    method: "sigmoid",
    a: -2,
    b: 0.5,
    chosenOn: "validation",
    videos: 20,
    realVideos: 16,
    groups: 10,
    samples: 0,
    seed: 1,
    resamples: [],
    reliability: null,
  };

  /** The detector with other fields in detector.json. */
  function detectorWith(name: string, changes: object): string {
    cpSync(detector, at(name), { recursive: true });
    const path = join(at(name), "detector.json");
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, "utf8")), ...changes }));
    return at(name);
  }

  it("stand in report.html and metrics.json, and in the command that makes it again", async () => {
    const out = at("calibrated report");
    const args = ["--detector", detectorWith("calibrated", { calibration }), "--out", out];
    const decided = ["--threshold", "security", "--prevalence", "0.01"];
    const result = await runCli(["evaluate", at("train"), ...args, ...decided]);
    expect(result.status, result.stderr).toBe(0);
    const report = JSON.parse(readFileSync(join(out, "metrics.json"), "utf8"));
    const { videos } = await evaluateDetector(await openStore(at("train")), at("calibrated"));
    const squares = videos.map(({ label, score = 0 }) => (label - 1 / (1 + Math.exp(-2 * score + 0.5))) ** 2);
    expect(squares).toHaveLength(2);
    expect(report.reliability.brier).toBeCloseTo(squares.reduce((sum, square) => sum + square, 0) / 2, 12);
    expect(report.threshold.name).toBe("tpr-99");
    expect(report.deployment).toMatchObject({ prevalence: 0.01, fpr: expect.any(Number), tpr: expect.any(Number) });
    expect(report.remarks).toContainEqual(expect.stringContaining("suppose 20 % fakes"));
    expect(report.provenance.command).toContain("--threshold security --prevalence 0.01");
    const page = readFileSync(join(out, "report.html"), "utf8");
    expect(page).toContain("Where 1 % of the videos are fake");
    expect(page).toContain("Expected calibration error");
    expect(JSON.parse(result.stdout)).toMatchObject({ reliability: report.reliability, deployment: report.deployment });
  });

  it("of a detector without a calibration are left out", async () => {
    const report = await evaluateDetector(await openStore(at("train")), detector);
    expect(report).toMatchObject({ reliability: null, deployment: null, threshold: { name: "eer" } });
  });

  it("that were chosen on a tested video are refused", async () => {
    const calibratedOn = { unreel: "0.1.0", videos: [{ id: "t20", group: "elsewhere" }] };
    const touched = detectorWith("touched", { calibratedOn });
    await expect(evaluateDetector(await openStore(at("train")), touched)).rejects.toMatchObject({
      code: "ERR_UNREEL_SPLIT_LEAK",
      message: expect.stringContaining("t20"),
    });
  });

  it("a threshold that the detector does not have is refused", async () => {
    const store = await openStore(at("train"));
    await expect(evaluateDetector(store, detector, { threshold: "strict" as never })).rejects.toThrow(TypeError);
    await expect(evaluateDetector(store, detector, { threshold: "fpr-1" })).rejects.toMatchObject({
      code: "ERR_UNREEL_TOO_FEW_REAL",
    });
    const anyone = await runCli(["evaluate", "--predictions", "x.csv", "--out", at("x"), "--prevalence", "0.1"]);
    expect(anyone.status).toBe(2);
  });
});

describe("an interrupted command", () => {
  it("leaves the detector as it was when the SVM's training is aborted", async () => {
    const store = await openStore(at("train"));
    await trainDetectorHead(store, at("aborted"), { epochs: 1, dim: 4, validation: 0.5 });
    const before = readFileSync(join(at("aborted"), "detector.json"), "utf8");
    const controller = new AbortController();
    const training = trainDetectorSvm(store, at("aborted"), { signal: controller.signal });
    controller.abort();
    await expect(training).rejects.toMatchObject({ code: "ERR_UNREEL_ABORTED", name: "AbortError" });
    expect(existsSync(join(at("aborted"), "svm.model"))).toBe(false);
    expect(readFileSync(join(at("aborted"), "detector.json"), "utf8")).toBe(before);
  });
});
