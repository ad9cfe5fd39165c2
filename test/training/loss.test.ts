import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Random } from "../../src/random.js";
import { contrastiveLoss, type LossSettings, lossNames, nativeLoss } from "../../src/training/loss.js";
import { temporaryFolder } from "../support/folders.js";
import { referencePython, runReference, withoutPython } from "../support/python.js";
import { supconGradient, supconReference } from "./supcon-reference.js";

/** What test/reference/losses.py writes, a line each. */
interface Golden {
  readonly name: string;
  readonly dims: number;
  readonly labels: readonly number[];
  readonly embeddings: readonly number[];
  readonly classifier: readonly number[];
  readonly options: LossSettings;
  readonly loss: number;
  readonly gradient: readonly number[];
  readonly temperatureGradient?: number;
  readonly classifierGradient?: readonly number[];
}

function readGolden(path: string): Golden[] {
  return readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

const goldenPath = join(import.meta.dirname, "golden-losses.jsonl");

/** The largest difference, as a share of the largest number or of `least`. */
function errorOf(measured: ArrayLike<number>, expected: readonly number[], least = 1e-6): number {
  expect(measured).toHaveLength(expected.length);
  const scale = Math.max(least, ...expected.map(Math.abs));
  return Math.max(...expected.map((value, at) => Math.abs((measured[at] ?? Number.NaN) - value))) / scale;
}

describe("losses are those of their papers' formulas by numpy", () => {
  it.each(readGolden(goldenPath).map((each) => [`${JSON.stringify(each.options)}, ${each.name}`, each] as const))(
    "%s",
    async (_, { dims, labels, embeddings, classifier, options, ...expected }) => {
      const withClassifier = options.term === undefined ? {} : { classifier: Float32Array.from(classifier) };
      const { loss, gradient, temperatureGradient, classifierGradient } = await contrastiveLoss(
        Float32Array.from(embeddings),
        Int32Array.from(labels),
        { rows: labels.length, dims, ...options, ...withClassifier },
      );
      expect(Math.abs(loss - expected.loss)).toBeLessThan(1e-6 * Math.max(1, Math.abs(expected.loss)));
      expect(errorOf(gradient, expected.gradient)).toBeLessThan(1e-5);
      if (expected.temperatureGradient === undefined) expect(temperatureGradient).toBeUndefined();
      else expect(errorOf([temperatureGradient ?? Number.NaN], [expected.temperatureGradient], 1)).toBeLessThan(1e-5);
      if (expected.classifierGradient === undefined) expect(classifierGradient).toBeUndefined();
      else expect(errorOf(classifierGradient ?? [], expected.classifierGradient)).toBeLessThan(1e-6);
    },
  );

  it.skipIf(referencePython() === undefined)(`as the script has them today (${withoutPython})`, async () => {
    const path = join(temporaryFolder("losses"), "golden.jsonl");
    await runReference("losses.py", [path]);
    const [kept, made] = [readGolden(goldenPath), readGolden(path)];
    expect(made).toHaveLength(kept.length);
    for (const [at, { loss, gradient, ...rest }] of made.entries()) {
      const before = kept[at];
      expect({ ...rest.options, labels: rest.labels }).toEqual({ ...before?.options, labels: before?.labels });
      expect(errorOf([loss, ...gradient], [before?.loss ?? Number.NaN, ...(before?.gradient ?? [])])).toBeLessThan(
        1e-9,
      );
    }
  });
});

interface Batch {
  readonly x: Float32Array;
  readonly labels: readonly number[];
  readonly dims: number;
  readonly temperature: number;
}

/** Rows in [-1, 1] times `scale`. */
function batch(labels: readonly number[], dims: number, { seed = 1, scale = 1, temperature = 0.07 } = {}): Batch {
  const random = new Random(seed);
  const x = Float32Array.from({ length: labels.length * dims }, () => scale * (random.next() / 2 ** 31 - 1));
  return { x, labels, dims, temperature };
}

function measured({ x, labels, dims, temperature }: Batch) {
  return contrastiveLoss(x, Int32Array.from(labels), { rows: labels.length, dims, temperature });
}

const mixed = [0, 1, 1, 0, 0, 1, 0, 1, 1, 0];

describe("supcon", () => {
  it.each<[string, Batch]>([
    ["a small batch", batch(mixed, 5)],
    ["a batch of which fakes are few", batch([0, 0, 0, 1, 0, 0, 0, 1, 0], 7, { seed: 2 })],
    ["a temperature of 1", batch(mixed, 4, { seed: 3, temperature: 1 })],
    ["a low temperature", batch(mixed, 6, { seed: 4, temperature: 0.02 })],
    ["long rows", batch(mixed, 3, { seed: 5, scale: 300 })],
    ["short rows", batch(mixed, 3, { seed: 6, scale: 0.01 })],
    ["more classes than two", batch([0, 5, -3, 5, 0, -3, 7, 7], 4, { seed: 7 })],
    ["a singleton beside pairs", batch([1, 0, 0, 2, 2], 4, { seed: 8 })],
    ["one class absent", batch([1, 1, 1, 1], 3, { seed: 9 })],
    ["two rows of one class", batch([1, 1], 3, { seed: 10 })],
    [
      "more rows and dimensions than a block",
      batch(
        Array.from({ length: 37 }, (_, i) => (i * i) % 3),
        19,
        { seed: 11 },
      ),
    ],
  ])("and its gradient are those of the formula in float64: %s", async (_what, each) => {
    const { loss, gradient } = await measured(each);
    const numbers = [...each.x];
    expect(Math.abs(loss - supconReference(numbers, each.labels, each.dims, each.temperature))).toBeLessThan(
      1e-6 * Math.max(1, loss),
    );
    const expected = supconGradient(numbers, each.labels, each.dims, each.temperature);
    expect(errorOf(gradient, expected, 1e-4)).toBeLessThan(1e-5);
  });

  it("of rows that all lie on one point is the log of how many others there are", async () => {
    const x = new Float32Array(6 * 4).fill(0.5);
    const { loss, gradient } = await contrastiveLoss(x, Int32Array.of(0, 0, 0, 1, 1, 1), { rows: 6, dims: 4 });
    expect(loss).toBeCloseTo(Math.log(5), 6);
    expect(Math.max(...gradient.map(Math.abs))).toBeLessThan(1e-5);
  });

  it("of two classes far apart is that of positives alone", async () => {
    const x = Float32Array.of(1, 0, 1, 0, 1, 0, -1, 0, -1, 0, -1, 0);
    const { loss } = await contrastiveLoss(x, Int32Array.of(0, 0, 0, 1, 1, 1), { rows: 6, dims: 2 });
    expect(loss).toBeCloseTo(Math.log(2 + 3 * Math.exp(-2 / 0.07)), 6);
  });

  it("has no anchor among singletons: 0, with a gradient of zeros", async () => {
    const each = batch([0, 1], 4);
    expect(await measured(each)).toEqual({ loss: 0, gradient: new Float32Array(8), temperatureGradient: 0 });
    expect(await measured(batch([3], 4))).toEqual({ loss: 0, gradient: new Float32Array(4), temperatureGradient: 0 });
  });

  it("does not depend on the length of rows, and its gradient stands upright on them", async () => {
    const one = batch(mixed, 8, { seed: 12 });
    const { loss, gradient } = await measured(one);
    const doubled = await measured({ ...one, x: one.x.map((value) => 4 * value) });
    expect(doubled.loss).toBe(loss);
    for (let row = 0; row < mixed.length; row++) {
      let dot = 0;
      for (let k = 0; k < 8; k++) dot += (one.x[row * 8 + k] ?? 0) * (gradient[row * 8 + k] ?? 0);
      expect(Math.abs(dot)).toBeLessThan(1e-5);
    }
  });

  it("has 0.07 for its temperature unless told otherwise", async () => {
    const { x, labels, dims } = batch(mixed, 5);
    const { loss } = await contrastiveLoss(x, Int32Array.from(labels), { rows: labels.length, dims });
    expect(loss).toBe((await measured(batch(mixed, 5))).loss);
  });

  it("leaves the caller's arrays alone, and may be called many times at once", async () => {
    const each = batch(mixed, 5, { seed: 13 });
    const before = Float32Array.from(each.x);
    const results = await Promise.all(Array.from({ length: 20 }, () => measured(each)));
    expect(each.x).toEqual(before);
    for (const result of results) expect(result).toEqual(results[0]);
  });
});

describe("the settings of a loss", () => {
  it("are filled in", () => {
    const filled = {
      loss: "supcon",
      temperature: 0.07,
      baseTemperature: 0,
      alignAlpha: 2,
      alignWeight: 1,
      uniformWeight: 1,
      uniformT: 2,
      margin: 0.3,
      mining: "hard",
      term: "none",
      termWeight: 1,
    };
    expect(nativeLoss({})).toEqual(filled);
    expect(nativeLoss({ loss: "margin" })).toEqual({ ...filled, loss: "margin", margin: 1 });
    expect(nativeLoss({ loss: "triplet", mining: "all", margin: 2, term: "hinge", termWeight: 0 })).toEqual({
      ...filled,
      loss: "triplet",
      mining: "all",
      margin: 2,
      term: "hinge",
      termWeight: 0,
    });
  });

  it.each<[string, object, RegExp, new () => Error]>([
    ["a loss that there is not", { loss: "arcface" }, /options\.loss must be one of supcon, align-uniform/, TypeError],
    [
      "a number of another loss",
      { loss: "triplet", temperature: 1 },
      /temperature is no option of .* triplet/,
      TypeError,
    ],
    ["a margin of supcon", { margin: 1 }, /margin is no option of the loss supcon/, TypeError],
    ["a mining of margin", { loss: "margin", mining: "all" }, /mining is no option/, TypeError],
    ["another mining", { loss: "triplet", mining: "soft" }, /mining must be one of hard, all/, TypeError],
    ["a margin of 0", { loss: "margin", margin: 0 }, /margin must be above 0/, RangeError],
    [
      "a margin beyond the sphere",
      { loss: "single-centre", margin: 2.5 },
      /margin must lie between 0 and 2/,
      RangeError,
    ],
    ["a power below 1", { loss: "align-uniform", alignAlpha: 0.5 }, /alignAlpha must lie between 1 and 8/, RangeError],
    ["a weight below 0", { loss: "align-uniform", alignWeight: -1 }, /alignWeight must lie/, RangeError],
    ["a weight of NaN", { loss: "align-uniform", uniformWeight: Number.NaN }, /uniformWeight must lie/, RangeError],
    ["a t of 0", { loss: "align-uniform", uniformT: 0 }, /uniformT must be above 0/, RangeError],
    ["a t too large", { loss: "align-uniform", uniformT: 101 }, /uniformT must lie between 0 and 100/, RangeError],
    ["a base temperature of 0", { baseTemperature: 0 }, /baseTemperature must be above 0/, RangeError],
    ["another term", { term: "focal" }, /term must be one of none, cross-entropy, hinge/, TypeError],
    ["a weight without a term", { termWeight: 1 }, /termWeight has no meaning without options\.term/, TypeError],
    ["a term's weight below 0", { term: "hinge", termWeight: -1 }, /termWeight must lie/, RangeError],
  ])("refuse %s", (_what, settings, message, type) => {
    expect(() => nativeLoss(settings)).toThrow(type);
    expect(() => nativeLoss(settings)).toThrow(message);
    expect(() => nativeLoss(settings)).toThrow(expect.objectContaining({ code: "ERR_UNREEL_INVALID_ARGUMENT" }));
  });
});

describe("every loss", () => {
  const { x, dims } = batch(mixed, 5, { seed: 14 });
  const labels = Int32Array.from(mixed);

  it.each(lossNames)("%s gives back what it has gradients of, and no more", async (loss) => {
    const own = loss === "supcon" ? ["gradient", "loss", "temperatureGradient"] : ["gradient", "loss"];
    const plain = await contrastiveLoss(x, labels, { rows: 10, dims, loss });
    expect(Object.keys(plain).sort()).toEqual(own);
    const classifier = Float32Array.from({ length: dims + 1 }, (_, k) => k - 2);
    const options = { rows: 10, dims, loss, term: "hinge", classifier } as const;
    const withTerm = await contrastiveLoss(x, labels, options);
    expect(Object.keys(withTerm).sort()).toEqual(["classifierGradient", ...own]);
    expect(withTerm.loss).toBeGreaterThan(plain.loss);
    expect(withTerm.classifierGradient).toHaveLength(dims + 1);
  });

  it.each(lossNames)("%s of a batch of one class is a number", async (loss) => {
    for (const label of [0, 1]) {
      const one = await contrastiveLoss(x, new Int32Array(10).fill(label), { rows: 10, dims, loss });
      expect([one.loss, ...one.gradient].every(Number.isFinite)).toBe(true);
    }
  });
});

describe("the contrastive loss refuses", () => {
  const labels = Int32Array.of(0, 1, 0);
  const finite = new Float32Array(12).fill(1);

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    "%s, naming row and column",
    async (value) => {
      const x = Float32Array.from(finite);
      x[2 * 4 + 3] = value;
      await expect(contrastiveLoss(x, labels, { rows: 3, dims: 4 })).rejects.toMatchObject({
        code: "ERR_UNREEL_NOT_FINITE",
        details: { row: 2, column: 3 },
        message: expect.stringMatching(/row 2, column 3/),
      });
    },
  );

  it.each<[string, () => Promise<unknown>, new () => Error]>([
    ["rows of float64", () => contrastiveLoss(new Float64Array(12) as never, labels, { rows: 3, dims: 4 }), TypeError],
    ["a plain array", () => contrastiveLoss([1, 2, 3] as never, labels, { rows: 3, dims: 1 }), TypeError],
    ["labels in a plain array", () => contrastiveLoss(finite, [0, 1, 0] as never, { rows: 3, dims: 4 }), TypeError],
    ["rows that do not fit", () => contrastiveLoss(finite, labels, { rows: 4, dims: 4 }), RangeError],
    ["labels that do not fit", () => contrastiveLoss(finite, Int32Array.of(0, 1), { rows: 3, dims: 4 }), RangeError],
    ["no row", () => contrastiveLoss(new Float32Array(0), new Int32Array(0), { rows: 0, dims: 4 }), RangeError],
    ["half a dimension", () => contrastiveLoss(finite, labels, { rows: 3, dims: 4.5 }), RangeError],
    ["a temperature of 0", () => contrastiveLoss(finite, labels, { rows: 3, dims: 4, temperature: 0 }), RangeError],
    [
      "labels that are no verdict for single-centre",
      () => contrastiveLoss(finite, Int32Array.of(0, 1, 2), { rows: 3, dims: 4, loss: "single-centre" }),
      TypeError,
    ],
    [
      "a term without a classifier",
      () => contrastiveLoss(finite, labels, { rows: 3, dims: 4, term: "hinge" }),
      TypeError,
    ],
    [
      "a classifier without its bias",
      () => contrastiveLoss(finite, labels, { rows: 3, dims: 4, term: "hinge", classifier: new Float32Array(4) }),
      RangeError,
    ],
    [
      "a classifier without a term",
      () => contrastiveLoss(finite, labels, { rows: 3, dims: 4, classifier: new Float32Array(5) }),
      TypeError,
    ],
    [
      "a temperature of NaN",
      () => contrastiveLoss(finite, labels, { rows: 3, dims: 4, temperature: Number.NaN }),
      RangeError,
    ],
    [
      "a temperature of text",
      () => contrastiveLoss(finite, labels, { rows: 3, dims: 4, temperature: "1" as never }),
      TypeError,
    ],
  ])("%s", (_what, call, type) => {
    expect(call).toThrow(type);
    expect(call).toThrow(expect.objectContaining({ code: "ERR_UNREEL_INVALID_ARGUMENT", category: "argument" }));
  });
});
