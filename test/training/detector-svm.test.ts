// The detector's SVM: which rows train it, which videos choose, and what detector.json says of it.
import { cpSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { evaluateDetector } from "../../src/evaluation/evaluate-detector.js";
import type { FeatureStore, FeatureTable } from "../../src/features/store.js";
import { crossValidateSvm } from "../../src/training/cross-validation.js";
import {
  type DetectorSvmOptions,
  type DetectorSvmProgress,
  trainDetectorSvm,
} from "../../src/training/detector-svm.js";
import { trainDetectorHead } from "../../src/training/detector-training.js";
import { ProjectionHead } from "../../src/training/head.js";
import { svmInput } from "../../src/training/score.js";
import { fitStandard, readStandard, standardise } from "../../src/training/standard.js";
import { Svm, trainSvm } from "../../src/training/svm.js";
import { videoScores } from "../../src/training/video-scores.js";
import { makeFeatures } from "../support/feature-store.js";
import { temporaryFolder } from "../support/folders.js";

const folder = temporaryFolder("detector-svm");
const at = (...names: readonly string[]) => join(folder, ...names);
const dimension = 8;

let store: FeatureStore;
let table: FeatureTable;
let validation: Set<string>;

const describedIn = (dir: string) => JSON.parse(readFileSync(join(dir, "detector.json"), "utf8"));

/** A detector of its own with the same head. */
function headIn(name: string): string {
  cpSync(at("head"), at(name), { recursive: true });
  return at(name);
}

beforeAll(async () => {
  store = await makeFeatures(at("features"), { groups: 40, dimension, seed: 3 });
  table = await store.read();
  await trainDetectorHead(store, at("head"), { dim: 4, epochs: 3, batch: 32, seed: 2 });
  validation = new Set(describedIn(at("head")).training.validationGroups);
});

/** Rows of the groups that `take` accepts. */
function part(x: Float32Array, take: (group: string) => boolean) {
  const dims = x.length / table.rows;
  const rows = Array.from(table.groups.keys()).filter((row) => take(table.groups[row] ?? ""));
  return {
    x: Float32Array.from(rows.flatMap((row) => [...x.subarray(row * dims, (row + 1) * dims)])),
    labels: Int32Array.from(rows, (row) => table.labels[row] ?? 0),
    rows: rows.length,
    dims,
  };
}

describe("on projections", () => {
  it("trains on the head's groups alone, and the validation groups choose", async () => {
    const dir = headIn("projection");
    const { svm, thresholds, calibration } = await trainDetectorSvm(store, dir, { c: 2, gamma: 0.5 });
    const head = await ProjectionHead.load(join(dir, "head.safetensors"));
    const x = await svmInput(table.x, table.rows, { blocks: [dimension], head });
    const { x: fit, labels, ...size } = part(x, (group) => !validation.has(group));
    const same = await trainSvm(fit, labels, { ...size, c: 2, gamma: 0.5 });
    expect(svm.coefficients).toEqual(same.coefficients);
    expect(svm.supportVectors).toEqual(same.supportVectors);
    const videos = 3 * validation.size;
    expect(thresholds[0]).toMatchObject({ chosenOn: "validation", videos });
    expect(calibration).toMatchObject({ chosenOn: "validation", videos });
    const { supportVectorCount: supportVectors } = svm;
    const svmRecord = { kernel: "rbf", c: 2, gamma: 0.5, chosenBy: "given", seed: 1, supportVectors };
    expect(describedIn(dir).svm).toEqual(svmRecord);
    expect(describedIn(dir)).toMatchObject({ features: "projection", thresholds });
  });

  it("searches the grid on the head's groups alone", async () => {
    const grid = { grid: true, c: [0.1, 1], gamma: [0.5, 2], folds: 3 };
    const { svm, grid: searched } = await trainDetectorSvm(store, headIn("grid"), grid);
    const head = await ProjectionHead.load(at("grid", "head.safetensors"));
    const x = await svmInput(table.x, table.rows, { blocks: [dimension], head });
    const { x: fit, labels, ...size } = part(x, (group) => !validation.has(group));
    const groups = table.groups.filter((group) => !validation.has(group));
    const { points } = await crossValidateSvm(fit, labels, { ...size, groups, c: [0.1, 1], gamma: [0.5, 2], folds: 3 });
    expect(searched?.points.map(({ c, gamma }) => [c, gamma])).toEqual(points.map(({ c, gamma }) => [c, gamma]));
    const chosen = searched?.points[searched.chosen];
    expect(svm.gamma).toBe(chosen?.gamma);
    const record = { c: chosen?.c, gamma: chosen?.gamma, chosenBy: "one-standard-error", folds: 3, seed: 1 };
    expect(describedIn(at("grid")).svm).toMatchObject(record);
  });
});

describe("on embeddings", () => {
  const encoder = { features: "encoder", folds: 4, seed: 5 } as const;

  it("trains on all groups, and their out-of-fold values choose", async () => {
    const dir = headIn("encoder");
    const { svm, thresholds, calibration } = await trainDetectorSvm(store, dir, encoder);
    const x = await svmInput(table.x, table.rows, { blocks: [dimension], head: undefined });
    const { x: fit, labels, ...size } = part(x, () => true);
    expect(svm.coefficients).toEqual((await trainSvm(fit, labels, size)).coefficients);
    expect(calibration).toMatchObject({ chosenOn: "out-of-fold", videos: 120, groups: 40 });
    const { points } = await crossValidateSvm(fit, labels, { ...size, groups: table.groups, folds: 4, seed: 5 });
    const scores = videoScores(table.videos, points[0]?.values ?? new Float64Array());
    const eer = thresholds.find(({ name }) => name === "eer");
    const alarms = scores.filter(({ label, score }) => label === 0 && score >= (eer?.value ?? 0)).length;
    expect(eer).toMatchObject({ chosenOn: "out-of-fold", realVideos: 40, fpr: alarms / 40 });
    expect(describedIn(dir)).toMatchObject({ features: "encoder", svm: { folds: 4, seed: 5, chosenBy: "given" } });
  });

  it("refuses fewer groups than folds, and leaves the folder as it was", async () => {
    const dir = headIn("few");
    const before = readFileSync(join(dir, "detector.json"));
    await expect(trainDetectorSvm(store, dir, { features: "encoder", folds: 41 })).rejects.toMatchObject({
      code: "ERR_UNREEL_TOO_FEW_GROUPS",
      details: { groups: 40, folds: 41 },
    });
    expect(readFileSync(join(dir, "detector.json"))).toEqual(before);
    expect(existsSync(join(dir, "svm.model"))).toBe(false);
  });
});

describe("kernels and options", () => {
  it.each<[string, DetectorSvmOptions, object]>([
    ["linear", { kernel: "linear", c: 0.5 }, { kernel: "linear", c: 0.5 }],
    ["polynomial", { kernel: "polynomial", gamma: 0.5, coef0: 1, degree: 2 }, { gamma: 0.5, coef0: 1, degree: 2 }],
    ["sigmoid", { kernel: "sigmoid", gamma: 0.1, coef0: -1 }, { gamma: 0.1, coef0: -1 }],
  ])("%s is trained, saved and described", async (kernel, options, record) => {
    const dir = headIn(kernel);
    const { svm } = await trainDetectorSvm(store, dir, options);
    expect(svm.kernel).toBe(kernel);
    expect((await Svm.load(join(dir, "svm.model"))).kernel).toBe(kernel);
    const written = describedIn(dir).svm;
    expect(written).toMatchObject(record);
    expect(Object.hasOwn(written, "gamma")).toBe(kernel !== "linear");
    expect(Object.hasOwn(written, "degree")).toBe(kernel === "polynomial");
    expect(Object.hasOwn(written, "coef0")).toBe(kernel !== "linear");
  });

  it("a grid of the linear kernel is one of C alone", async () => {
    const { grid } = await trainDetectorSvm(store, headIn("lines"), { kernel: "linear", grid: true });
    expect(grid?.points.map(({ c, gamma }) => [c, gamma])).toEqual([0.1, 1, 10, 100].map((c) => [c, 0]));
  });

  it("gamma may be that of the scale", async () => {
    const dir = headIn("scale");
    const { svm } = await trainDetectorSvm(store, dir, { gamma: "scale", features: "encoder" });
    const x = await svmInput(table.x, table.rows, { blocks: [dimension], head: undefined });
    const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
    const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
    expect(svm.gamma).toBeCloseTo(1 / (dimension * variance), 8);
    expect(describedIn(dir).svm.gamma).toBe(svm.gamma);
  });

  it("refuses lists without a grid, and wrong numbers by their names", async () => {
    const dir = headIn("wrong");
    await expect(trainDetectorSvm(store, dir, { c: [1, 2] })).rejects.toThrow(/options\.c: a list needs a grid/);
    await expect(trainDetectorSvm(store, dir, { gamma: [1] })).rejects.toThrow(/options\.gamma: a list needs a grid/);
    await expect(trainDetectorSvm(store, dir, { grid: true, c: [] })).rejects.toThrow(/options\.c/);
    await expect(trainDetectorSvm(store, dir, { c: -1 })).rejects.toThrow(/options\.c must be above 0/);
    await expect(trainDetectorSvm(store, dir, { folds: 1 })).rejects.toThrow(/options\.folds/);
    await expect(trainDetectorSvm(store, dir, { seed: -1 })).rejects.toThrow(/options\.seed/);
    const wrong = (options: object) => expect(trainDetectorSvm(store, dir, options)).rejects;
    await wrong({ features: "pixels" }).toThrow(/options\.features must be one of projection, encoder/);
    await wrong({ grid: "yes" }).toThrow(/options\.grid must be true or false/);
    await wrong({ standardize: 1 }).toThrow(/options\.standardize must be true or false/);
  });
});

describe("standardize", () => {
  it("is fitted on the rows that train the SVM, stored, and applied wherever the detector scores", async () => {
    const dir = headIn("standard");
    const { svm } = await trainDetectorSvm(store, dir, { standardize: true });
    const head = await ProjectionHead.load(join(dir, "head.safetensors"));
    const x = await svmInput(table.x, table.rows, { blocks: [dimension], head });
    const { x: fit, labels, ...size } = part(x, (group) => !validation.has(group));
    const standard = fitStandard(fit, size.dims);
    expect(await readStandard(dir, size.dims)).toEqual(standard);
    const same = await trainSvm(standardise(fit, standard), labels, { ...size, gamma: 1 / size.dims });
    expect(svm.coefficients).toEqual(same.coefficients);
    expect(describedIn(dir).files).toHaveProperty("standard.safetensors");

    const tests = await makeFeatures(at("tests"), { groups: 10, dimension, seed: 4, split: "test", prefix: "t" });
    const report = await evaluateDetector(tests, dir, { bootstrap: { samples: 10, seed: 1 } });
    const tested = await tests.read();
    const seen = await svmInput(tested.x, tested.rows, { blocks: [dimension], head });
    const values = await same.decisionValues(standardise(seen, standard), { rows: tested.rows });
    expect(report.videos.map(({ score }) => score)).toEqual(
      videoScores(tested.videos, values).map(({ score }) => expect.closeTo(score, 12)),
    );
  });

  it("divides the default grid's gammas by the dimensions", async () => {
    const { grid } = await trainDetectorSvm(store, headIn("standard grid"), {
      ...{ standardize: true, features: "encoder", grid: true, c: [1] },
    });
    expect(grid?.points.map(({ gamma }) => gamma)).toEqual([0.25, 1, 4].map((gamma) => gamma / dimension));
  });

  it("goes with an SVM or a head that needs none", async () => {
    const dir = headIn("no more");
    for (const [again, kept] of [
      [() => trainDetectorSvm(store, dir, { standardize: true }), true],
      [() => trainDetectorSvm(store, dir), false],
      [() => trainDetectorSvm(store, dir, { standardize: true }), true],
      [() => trainDetectorHead(store, dir, { dim: 4, epochs: 1, batch: 32 }), false],
    ] as const) {
      await again();
      expect(existsSync(join(dir, "standard.safetensors"))).toBe(kept);
      expect(Object.hasOwn(describedIn(dir).files, "standard.safetensors")).toBe(kept);
    }
  });

  it("makes no NaN of a feature that never varies", async () => {
    const change = (x: Float32Array) => {
      for (let i = 3; i < x.length; i += dimension) x[i] = 0;
    };
    const flat = await makeFeatures(at("flat"), { groups: 20, dimension, seed: 6, change });
    await trainDetectorHead(flat, at("flat head"), { dim: 4, epochs: 1, batch: 32 });
    const { svm } = await trainDetectorSvm(flat, at("flat head"), { standardize: true, features: "encoder" });
    const column = svm.supportVectors.filter((_, i) => i % dimension === 3);
    expect(new Set(column)).toEqual(new Set([0]));
    expect(svm.coefficients.every(Number.isFinite)).toBe(true);
  });
});

describe("progress and aborting", () => {
  it("tells of every training of the grid", async () => {
    const seen: DetectorSvmProgress[] = [];
    await trainDetectorSvm(store, headIn("told"), {
      grid: true,
      c: [0.1, 1],
      gamma: [1],
      folds: 3,
      onProgress: (progress) => seen.push(progress),
    });
    const steps = seen.filter(({ step }) => step === "cross-validation");
    expect(steps.at(-1)).toEqual({ step: "cross-validation", done: 6, all: 6 });
  });

  it.each<[string, DetectorSvmProgress["step"], DetectorSvmOptions]>([
    // A cost beyond what noise allows: the solver takes far more than the thousand iterations until it first tells.
    ["the solver", "training", { c: 1e6, gamma: 0.01, epsilon: 1e-12 }],
    ["the cross-validation", "cross-validation", { features: "encoder", grid: true }],
  ])("in the middle of %s leaves the folder as it was", async (what, step, options) => {
    const dir = headIn(`aborted ${what}`);
    const before = readFileSync(join(dir, "detector.json"));
    const stop = new AbortController();
    const reason = new Error("enough");
    const training = trainDetectorSvm(store, dir, {
      ...options,
      signal: stop.signal,
      onProgress: (progress) => progress.step === step && stop.abort(reason),
    });
    await expect(training).rejects.toMatchObject({ code: "ERR_UNREEL_ABORTED", cause: reason });
    expect(readFileSync(join(dir, "detector.json"))).toEqual(before);
    expect(existsSync(join(dir, "svm.model"))).toBe(false);
  });
});
