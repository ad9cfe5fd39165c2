import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { describe, expect, it, test } from "vitest";
import { contrastiveLoss } from "../../src/training/loss.js";
import { type EpochReport, TrainingError, type TrainingRows, trainHead } from "../../src/training/train-head.js";
import { repositoryRoot } from "../support/cli.js";
import { clusters } from "./clusters.js";

const dimension = 12;
const rows = 80;
const quick = { dim: 6, epochs: 6, batch: 16 };
const data: TrainingRows = { ...clusters(rows, dimension), rows, dimension };
/** The last 20 rows choose the epoch. */
const validation = Uint8Array.from({ length: rows }, (_, row) => (row >= 60 ? 1 : 0));

function cosine(a: Float32Array, i: number, j: number, dims: number): number {
  let dot = 0;
  for (let k = 0; k < dims; k++) dot += (a[i * dims + k] ?? 0) * (a[j * dims + k] ?? 0);
  return dot;
}

describe("trainHead", () => {
  it("gives the same bytes for the same rows, options and seed, and others for another seed", async () => {
    const options = { ...quick, seed: 3 };
    const [first, second, other] = await Promise.all(
      [options, options, { ...quick, seed: 4 }].map((each) => trainHead({ ...data, validation }, each)),
    );
    expect(second?.layers).toEqual(first?.layers);
    expect(second?.history).toEqual(first?.history);
    expect(other?.layers).not.toEqual(first?.layers);
  });

  it("draws rows of one class together and the classes apart", async () => {
    const head = await trainHead(data, { ...quick, epochs: 20, learningRate: 0.01, temperature: 0.5 });
    const z = await head.project(data.x, { rows });
    const cosines: Record<"same" | "across", number[]> = { same: [], across: [] };
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < i; j++) {
        const kind = data.labels[i] === data.labels[j] ? "same" : "across";
        cosines[kind].push(cosine(z, i, j, quick.dim));
      }
    }
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(mean(cosines.same)).toBeGreaterThan(0.8);
    expect(mean(cosines.across)).toBeLessThan(-0.8);
    expect(head.history.at(-1)?.loss).toBeLessThan(head.history[0]?.loss ?? 0);
    const { meanCosine } = head.history[head.bestEpoch - 1] ?? {};
    expect(meanCosine).toBeCloseTo(mean([...cosines.same, ...cosines.across]), 5);
  });

  it("keeps the epoch that is best on the validation rows, and reports every epoch", async () => {
    // Validation labels without meaning: the better the classes are told apart, the worse for them.
    const labels = Int32Array.from(data.labels, (label, row) => (row < 60 ? label : (row >> 1) % 2));
    const reports: EpochReport[] = [];
    const onProgress = (report: EpochReport) => reports.push(report);
    const options = { ...quick, batch: 60, learningRate: 0.05, temperature: 0.5 };
    const head = await trainHead({ ...data, labels, validation }, { ...options, onProgress });
    expect(reports).toEqual(head.history);
    expect(reports.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5, 6]);
    const losses = reports.map(({ validationLoss }) => validationLoss);
    const best = Math.min(...losses);
    expect(losses[head.bestEpoch - 1]).toBe(best);
    expect(losses.at(-1)).toBeGreaterThan(best);
    const z = await head.project(data.x.slice(60 * dimension), { rows: 20 });
    const { loss } = await contrastiveLoss(z, labels.slice(60), { rows: 20, dims: quick.dim, temperature: 0.5 });
    expect(loss).toBeCloseTo(best, 6);
  });

  it("does not let validation rows train", async () => {
    const changed = Float32Array.from(data.x);
    for (let i = 60 * dimension; i < changed.length; i++) changed[i] = -(changed[i] ?? 0);
    const one = { ...quick, epochs: 1 };
    const [plain, other] = await Promise.all([
      trainHead({ ...data, validation }, one),
      trainHead({ ...data, x: changed, validation }, one),
    ]);
    expect(other.layers).toEqual(plain.layers);
    expect(other.history[0]?.validationLoss).not.toBe(plain.history[0]?.validationLoss);
  });

  it("says NaN for the validation loss where nothing validates", async () => {
    const { history } = await trainHead(data, { ...quick, epochs: 2 });
    expect(history.map(({ validationLoss }) => validationLoss)).toEqual([Number.NaN, Number.NaN]);
  });

  it("copies the rows: changing them afterwards changes nothing", async () => {
    const mine = Float32Array.from(data.x);
    const running = trainHead({ ...data, x: mine }, quick);
    mine.fill(0);
    expect((await running).layers).toEqual((await trainHead(data, quick)).layers);
  });

  it("standardises features where blocks are given: their scale and place change nothing", async () => {
    const shifted = data.x.map((value, i) => value * 2 ** (i % dimension) + (i % dimension));
    const options = { ...quick, learningRate: 0.01 };
    const blocks = [4, 8];
    const [plain, moved] = await Promise.all([
      trainHead({ ...data, blocks }, options),
      trainHead({ ...data, x: shifted, blocks }, options),
    ]);
    const [z, zMoved] = await Promise.all([plain.project(data.x, { rows }), moved.project(shifted, { rows })]);
    for (const [i, value] of z.entries()) expect(zMoved[i]).toBeCloseTo(value, 3);
    expect((await trainHead({ ...data, blocks: [dimension] }, options)).layers).not.toEqual(plain.layers);
    expect((await trainHead(data, options)).layers).not.toEqual(plain.layers);
  });

  it("warms up over a twentieth of the steps and has an embedding's length of hidden units, unless told otherwise", async () => {
    const mlp = { ...quick, epochs: 12, head: "mlp" } as const;
    const [plain, told, cold] = await Promise.all([
      trainHead(data, mlp),
      trainHead(data, { ...mlp, hidden: dimension, warmUp: 0.05 }),
      trainHead(data, { ...mlp, warmUp: 0 }),
    ]);
    expect(plain.layers.map((layer) => layer.out)).toEqual([dimension, quick.dim]);
    expect(plain.layers).toEqual(told.layers);
    expect(plain.layers).not.toEqual(cold.layers);
  });

  it("names the temperature of the epoch that it keeps, learnt or not", async () => {
    const learnt = await trainHead({ ...data, validation }, { ...quick, learnTemperature: true, learningRate: 0.01 });
    const { temperature } = learnt.history[learnt.bestEpoch - 1] ?? {};
    expect(temperature).not.toBe(0.07);
    expect(learnt.metadata.temperature).toBe(String(temperature));
    expect((await trainHead(data, quick)).metadata.temperature).toBe("0.07");
  });

  it("ends with an AbortError when the signal fires, before or while it trains", async () => {
    const reason = new Error("enough");
    await expect(trainHead(data, { ...quick, signal: AbortSignal.abort(reason) })).rejects.toMatchObject({
      name: "AbortError",
      code: "ERR_UNREEL_ABORTED",
      cause: reason,
    });
    const controller = new AbortController();
    const endless = { ...quick, epochs: 1_000_000, signal: controller.signal };
    const training = trainHead(data, { ...endless, onProgress: () => controller.abort(reason) });
    await expect(training).rejects.toMatchObject({ code: "ERR_UNREEL_ABORTED", cause: reason });
  });
});

const cores = existsSync("/usr/bin/taskset") ? undefined : "needs taskset of util-linux";
test.skipIf(cores !== undefined)(`the same bytes on one core as on all${cores ? ` (${cores})` : ""}`, async () => {
  const program = `
    import { trainHead } from "./dist/index.js";
    const x = Float32Array.from({ length: 400 * 24 }, (_, i) => Math.sin(i * i));
    const labels = Int32Array.from({ length: 400 }, (_, i) => (i * 7) % 3 === 0 ? 1 : 0);
    const head = await trainHead({ x, labels, rows: 400, dimension: 24 }, { dim: 16, epochs: 3, batch: 64 });
    console.log(Buffer.from(head.layers[0].weight.buffer).toString("hex"));`;
  const node = [process.execPath, "--input-type=module", "-e", program];
  const weights = (command: readonly string[]) =>
    execFileSync(command[0] ?? "", command.slice(1), { cwd: repositoryRoot, encoding: "utf8" });
  expect(weights(["/usr/bin/taskset", "-c", "0", ...node])).toBe(weights(node));
});

describe("trainHead refuses", () => {
  it("one class, on either side of the validation", async () => {
    const code = "ERR_UNREEL_ONE_CLASS";
    const labels = new Int32Array(rows).fill(1);
    await expect(trainHead({ ...data, labels }, quick)).rejects.toMatchObject({ code });
    await expect(trainHead({ ...data, validation: Uint8Array.from(data.labels) }, quick)).rejects.toMatchObject({
      code,
    });
  });

  it.each([Number.NaN, Number.NEGATIVE_INFINITY])("%s in the rows, naming row and column", async (value) => {
    const x = Float32Array.from(data.x);
    x[7 * dimension + 5] = value;
    await expect(trainHead({ ...data, x }, quick)).rejects.toMatchObject({
      code: "ERR_UNREEL_NOT_FINITE",
      details: { row: 7, column: 5 },
    });
  });

  it("to go on when the numbers leave their range", async () => {
    const error = await trainHead(data, { ...quick, learningRate: 1e300 }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TrainingError);
    expect(error).toMatchObject({ code: "ERR_UNREEL_DIVERGED", message: expect.stringContaining("learningRate") });
    expect((error as TrainingError).best).toBeUndefined();
  });

  it("to go on when the head collapses, and gives the best head before", async () => {
    // Classes are drawn together and nothing parts them.
    const alike = { loss: "align-uniform", uniformWeight: 0, learningRate: 0.05, warmUp: 0, patience: 0 } as const;
    const reports: EpochReport[] = [];
    const onProgress = (report: EpochReport) => reports.push(report);
    const options = { ...quick, epochs: 60, ...alike, onProgress };
    const error = await trainHead(data, options).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TrainingError);
    const { best, code, details } = error as TrainingError;
    expect(code).toBe("ERR_UNREEL_COLLAPSED");
    expect(details.crossCosine).toBeGreaterThan(0.99);
    expect(reports.length).toBeGreaterThan(2);
    expect(details.epoch).toBe(reports.length + 1);
    expect(best?.history).toEqual(reports);
    expect(Math.max(...reports.map(({ crossCosine }) => crossCosine))).toBeLessThanOrEqual(0.99);
    const losses = reports.map(({ loss }) => loss);
    expect(losses[(best?.bestEpoch ?? 0) - 1]).toBe(Math.min(...losses));
  });

  it.each<[string, Partial<TrainingRows>, object, new () => Error]>([
    ["rows of float64", { x: new Float64Array(rows * dimension) as never }, {}, TypeError],
    ["a label of 2", { labels: new Int32Array(rows).fill(2) }, {}, TypeError],
    ["unknown labels", { labels: new Int32Array(rows).fill(-1) }, {}, TypeError],
    ["rows that do not fit", { dimension: dimension + 1 }, {}, RangeError],
    ["labels that do not fit", { labels: new Int32Array(rows - 1) }, {}, RangeError],
    ["a validation that does not fit", { validation: new Uint8Array(3) }, {}, RangeError],
    ["no row", { x: new Float32Array(0), labels: new Int32Array(0), rows: 0 }, {}, RangeError],
    ["a dimension of 0", {}, { dim: 0 }, RangeError],
    ["no epoch", {}, { epochs: 0 }, RangeError],
    ["a batch without pairs", {}, { batch: 3 }, RangeError],
    ["a learning rate of 0", {}, { learningRate: 0 }, RangeError],
    ["a weight decay below 0", {}, { weightDecay: -1 }, RangeError],
    ["a seed of text", {}, { seed: "1" }, TypeError],
    ["a temperature of 0", {}, { temperature: 0 }, RangeError],
    ["videos that do not fit", { videos: new Uint32Array(3) }, {}, RangeError],
    ["groups that do not fit", { groups: new Uint32Array(3) }, {}, RangeError],
    ["an unknown head", {}, { head: "resnet" }, TypeError],
    ["an mlp without units", {}, { head: "mlp", hidden: 0 }, RangeError],
    ["hidden units of a linear head", {}, { hidden: 4 }, TypeError],
    ["a temperature to learn that is text", {}, { learnTemperature: "no" }, TypeError],
    ["blocks that do not fit", { blocks: [4, 4] }, {}, RangeError],
    ["a block of nothing", { blocks: [dimension, 0] }, {}, RangeError],
    ["a dropout of everything", {}, { dropout: 1 }, RangeError],
    ["an unknown optimizer", {}, { optimizer: "lion" }, TypeError],
    ["a momentum of 1", {}, { momentum: 1 }, RangeError],
    ["a warm-up without an end", {}, { warmUp: 1 }, RangeError],
    ["a clip norm below 0", {}, { clipNorm: -1 }, RangeError],
    ["a patience below 0", {}, { patience: -1 }, RangeError],
    ["no frame of a video", {}, { framesPerVideo: 0 }, RangeError],
    ["no thread", {}, { threads: 0 }, RangeError],
    ["a checkpoint that is no path", {}, { checkpoint: 7 }, TypeError],
  ])("%s", (_what, change, options, type) => {
    const call = () => trainHead({ ...data, ...change }, { ...quick, ...options });
    expect(call).toThrow(type);
    expect(call).toThrow(expect.objectContaining({ code: "ERR_UNREEL_INVALID_ARGUMENT" }));
  });
});
