import { describe, expect, it } from "vitest";
import { Random } from "../../src/random.js";
import { contrastiveLoss } from "../../src/training/loss.js";
import { supconGradient, supconReference } from "./supcon-reference.js";

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

describe("the contrastive loss", () => {
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
      1e-9 * Math.max(1, loss),
    );
    const expected = supconGradient(numbers, each.labels, each.dims, each.temperature);
    const largest = Math.max(...expected.map(Math.abs));
    const error = Math.max(...expected.map((value, at) => Math.abs(value - (gradient[at] ?? Number.NaN))));
    expect(gradient).toHaveLength(expected.length);
    expect(error).toBeLessThan(1e-6 * largest + 1e-9);
  });

  it("of rows that all lie on one point is the log of how many others there are", async () => {
    const x = new Float32Array(6 * 4).fill(0.5);
    const { loss, gradient } = await contrastiveLoss(x, Int32Array.of(0, 0, 0, 1, 1, 1), { rows: 6, dims: 4 });
    expect(loss).toBeCloseTo(Math.log(5), 12);
    expect(Math.max(...gradient.map(Math.abs))).toBeLessThan(1e-6);
  });

  it("of two classes far apart is that of positives alone", async () => {
    const x = Float32Array.of(1, 0, 1, 0, 1, 0, -1, 0, -1, 0, -1, 0);
    const { loss } = await contrastiveLoss(x, Int32Array.of(0, 0, 0, 1, 1, 1), { rows: 6, dims: 2 });
    expect(loss).toBeCloseTo(Math.log(2 + 3 * Math.exp(-2 / 0.07)), 12);
  });

  it("has no anchor among singletons: 0, with a gradient of zeros", async () => {
    const each = batch([0, 1], 4);
    expect(await measured(each)).toEqual({ loss: 0, gradient: new Float32Array(8) });
    expect(await measured(batch([3], 4))).toEqual({ loss: 0, gradient: new Float32Array(4) });
  });

  it("does not depend on the length of rows, and its gradient stands upright on them", async () => {
    const one = batch(mixed, 8, { seed: 12 });
    const { loss, gradient } = await measured(one);
    const doubled = await measured({ ...one, x: one.x.map((value) => 4 * value) });
    expect(doubled.loss).toBe(loss);
    for (let row = 0; row < mixed.length; row++) {
      let dot = 0;
      for (let k = 0; k < 8; k++) dot += (one.x[row * 8 + k] ?? 0) * (gradient[row * 8 + k] ?? 0);
      expect(Math.abs(dot)).toBeLessThan(1e-6);
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
