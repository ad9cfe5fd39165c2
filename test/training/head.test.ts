import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it, test } from "vitest";
import { type EpochReport, ProjectionHead, type TrainingRows, trainHead } from "../../src/training/head.js";
import { contrastiveLoss } from "../../src/training/loss.js";
import { repositoryRoot } from "../support/cli.js";
import { temporaryFolder } from "../support/folders.js";
import { clusters } from "./clusters.js";

const folder = temporaryFolder("head");
const at = (name: string) => join(folder, name);

const dimension = 12;
const rows = 80;
const quick = { dim: 6, epochs: 6, batch: 16 };
const data: TrainingRows = { ...clusters(rows, dimension), rows, dimension };
/** The last 20 rows choose the epoch. */
const validation = Uint8Array.from({ length: rows }, (_, row) => (row >= 60 ? 1 : 0));

/** A head whose numbers are known. */
const known = new ProjectionHead({
  inputDimension: 3,
  dimension: 2,
  weight: Float32Array.of(1, 2, 3, -1, 0.5, 0.25),
  bias: Float32Array.of(0.5, -0.125),
});

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
    expect(second?.weight).toEqual(first?.weight);
    expect(second?.bias).toEqual(first?.bias);
    expect(second?.history).toEqual(first?.history);
    expect(other?.weight).not.toEqual(first?.weight);
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
    expect(head.history.at(-1)?.meanCosine).toBeCloseTo(mean([...cosines.same, ...cosines.across]), 6);
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
    expect(other.weight).toEqual(plain.weight);
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
    expect((await running).weight).toEqual((await trainHead(data, quick)).weight);
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
    console.log(Buffer.from(head.weight.buffer).toString("hex"));`;
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
    await expect(trainHead(data, { ...quick, learningRate: 1e38 })).rejects.toMatchObject({
      code: "ERR_UNREEL_DIVERGED",
      message: expect.stringContaining("learningRate"),
    });
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
  ])("%s", (_what, change, options, type) => {
    const call = () => trainHead({ ...data, ...change }, { ...quick, ...options });
    expect(call).toThrow(type);
    expect(call).toThrow(expect.objectContaining({ code: "ERR_UNREEL_INVALID_ARGUMENT" }));
  });
});

describe("a projection head", () => {
  it("is u = W x + b at unit length", async () => {
    const x = Float32Array.of(1, 0, 0, 0.25, -2, 8, 0, 0, 0);
    const z = await known.project(x, { rows: 3 });
    const expected = [0, 1, 2].flatMap((row) => {
      const [a = 0, b = 0, c = 0] = x.subarray(row * 3);
      const u = [a + 2 * b + 3 * c + 0.5, -a + 0.5 * b + 0.25 * c - 0.125];
      return u.map((value) => value / Math.hypot(...u));
    });
    for (const [i, value] of expected.entries()) expect(z[i]).toBeCloseTo(value, 6);
    expect(z).toHaveLength(6);
  });

  it("projects a row to the same bytes whichever rows stand beside it", async () => {
    const head = await trainHead(data, { ...quick, epochs: 1 });
    const all = await head.project(data.x, { rows });
    for (const row of [0, 1, 37, rows - 1]) {
      const alone = await head.project(data.x.slice(row * dimension, (row + 1) * dimension), { rows: 1 });
      expect(alone).toEqual(all.slice(row * quick.dim, (row + 1) * quick.dim));
    }
    expect(await head.project(new Float32Array(0), { rows: 0 })).toEqual(new Float32Array(0));
  });

  it("refuses NaN with row and column, and rows that do not fit", async () => {
    await expect(known.project(Float32Array.of(1, 2, 3, 4, Number.NaN, 6), { rows: 2 })).rejects.toMatchObject({
      code: "ERR_UNREEL_NOT_FINITE",
      details: { row: 1, column: 1 },
    });
    expect(() => known.project(new Float32Array(5), { rows: 2 })).toThrow(RangeError);
    expect(() => known.project([1, 2, 3] as never, { rows: 1 })).toThrow(TypeError);
  });

  it("comes back from its file with every bit, and projects to the same bytes", async () => {
    const head = await trainHead(data, { ...quick, epochs: 1 });
    await head.save(at("round.safetensors"));
    const again = await ProjectionHead.load(at("round.safetensors"));
    expect([again.inputDimension, again.dimension]).toEqual([dimension, quick.dim]);
    expect(again.weight).toEqual(head.weight);
    expect(again.bias).toEqual(head.bias);
    expect(await again.project(data.x, { rows })).toEqual(await head.project(data.x, { rows }));
  });

  it("is saved as safetensors: length, JSON, numbers", async () => {
    await known.save(at("known.safetensors"));
    const bytes = readFileSync(at("known.safetensors"));
    const length = Number(bytes.readBigUInt64LE(0));
    expect(length % 8).toBe(0);
    expect(JSON.parse(bytes.toString("utf8", 8, 8 + length))).toEqual({
      __metadata__: { format: "unreel.head", kind: "linear" },
      weight: { dtype: "F32", shape: [2, 3], data_offsets: [0, 24] },
      bias: { dtype: "F32", shape: [2], data_offsets: [24, 32] },
    });
    const numbers = Array.from({ length: 8 }, (_, i) => bytes.readFloatLE(8 + length + 4 * i));
    expect(numbers).toEqual([1, 2, 3, -1, 0.5, 0.25, 0.5, -0.125]);
    expect(bytes).toHaveLength(8 + length + 32);
  });
});

describe("a head's file is refused", () => {
  let whole = Buffer.alloc(0);
  beforeAll(async () => {
    await known.save(at("whole.safetensors"));
    whole = readFileSync(at("whole.safetensors"));
  });

  /** A safetensors file of these tensors, each of zeros. */
  function file(tensors: Readonly<Record<string, readonly number[]>>, fill = 0): Buffer {
    let end = 0;
    const header = Object.fromEntries(
      Object.entries(tensors).map(([name, shape]) => {
        const begin = end;
        end += 4 * shape.reduce((product, side) => product * side, 1);
        return [name, { dtype: "F32", shape, data_offsets: [begin, end] }];
      }),
    );
    const json = Buffer.from(JSON.stringify(header));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(json.length));
    return Buffer.concat([length, json, Buffer.from(new Float32Array(end / 4).fill(fill).buffer)]);
  }

  it.each<[string, () => Buffer, RegExp]>([
    ["without bytes", () => Buffer.alloc(0), /0 bytes/],
    ["cut within the length", () => whole.subarray(0, 5), /5 bytes/],
    ["cut within the header", () => whole.subarray(0, 60), /cut off/],
    ["cut within the numbers", () => whole.subarray(0, -4), /does not fit/],
    ["with a length beyond the file", () => Buffer.concat([Buffer.alloc(8, 0xff), whole.subarray(8)]), /cut off/],
    [
      "with a header that is no JSON",
      () => Buffer.concat([whole.subarray(0, 8), Buffer.alloc(whole.length - 8, "x")]),
      /JSON/,
    ],
    ["of text", () => Buffer.from("this is no head, whatever its name says\n"), /cut off/],
    ["without bias", () => file({ weight: [2, 3] }), /lacks/],
    ["without weight", () => file({ bias: [2] }), /lacks/],
    ["with a bias of another length", () => file({ weight: [2, 3], bias: [3] }), /\[2,3\] and bias \[3\]/],
    ["with a weight of three axes", () => file({ weight: [2, 3, 1], bias: [2] }), /weight has shape/],
    ["with an empty weight", () => file({ weight: [0, 3], bias: [0] }), /weight has shape/],
    ["with NaN", () => file({ weight: [2, 3], bias: [2] }, Number.NaN), /NaN/],
    ["with infinity", () => file({ weight: [2, 3], bias: [2] }, Number.POSITIVE_INFINITY), /NaN or infinite/],
    [
      "with half floats",
      () => Buffer.from(whole.toString("latin1").replaceAll('"F32"', '"F16"'), "latin1"),
      /F16, not F32/,
    ],
  ])("%s", async (name, make, message) => {
    const path = at(`${name.replaceAll(" ", "-")}.safetensors`);
    writeFileSync(path, make());
    await expect(ProjectionHead.load(path)).rejects.toMatchObject({
      code: "ERR_UNREEL_HEAD_INVALID",
      message: expect.stringMatching(message),
      details: { path },
    });
  });

  it("when it is not there", async () => {
    await expect(ProjectionHead.load(at("nowhere.safetensors"))).rejects.toMatchObject({
      code: "ERR_UNREEL_HEAD_INVALID",
      details: { path: at("nowhere.safetensors") },
    });
  });

  it("never otherwise: each cut of a file is an error of this code, and leaves no other file", async () => {
    const before = readdirSync(folder).length;
    for (let length = 0; length < whole.length; length++) {
      writeFileSync(at("cut.safetensors"), whole.subarray(0, length));
      await expect(ProjectionHead.load(at("cut.safetensors"))).rejects.toMatchObject({
        code: "ERR_UNREEL_HEAD_INVALID",
      });
    }
    expect(readdirSync(folder)).toHaveLength(before + 1);
  });
});
