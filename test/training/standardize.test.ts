import { describe, expect, it } from "vitest";
import { Random } from "../../src/random.js";
import { blocksOf } from "../../src/training/blocks.js";
import { svmInput } from "../../src/training/score.js";
import { standardize, standardOf, unstandardized } from "../../src/training/standardize.js";

const rows = 40;
const blocks = [3, 5];
const dimension = 8;
const everyRow = () => true;

/** Rows whose second block is a thousand times larger and lies far from 0. */
function features(): Float32Array {
  const random = new Random(3);
  return Float32Array.from({ length: rows * dimension }, (_, at) => {
    const value = random.next() / 2 ** 32 - 0.5;
    return at % dimension < 3 ? value : 5000 + 1000 * value;
  });
}

function column(x: Float32Array, at: number): number[] {
  return Array.from({ length: rows }, (_, row) => x[row * dimension + at] ?? Number.NaN);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

describe("standardised features", () => {
  it("have mean 0, one deviation within a block, and blocks of the same weight", () => {
    const x = features();
    const z = standardize(x, standardOf(x, rows, blocks, everyRow));
    for (let at = 0; at < dimension; at++) {
      const values = column(z, at);
      expect(mean(values)).toBeCloseTo(0, 6);
      const share = 1 / (2 * (at < 3 ? 3 : 5));
      expect(mean(values.map((value) => value * value))).toBeCloseTo(share, 5);
    }
  });

  it("take mean and deviation of the accepted rows alone", () => {
    const x = features();
    const standard = standardOf(x, rows, blocks, (row) => row < 20);
    x.fill(1e6, 20 * dimension);
    expect(standardOf(x, rows, blocks, (row) => row < 20)).toEqual(standard);
  });

  it("do not blow up a feature that hardly varies, nor one that never does", () => {
    const x = features();
    for (let row = 0; row < rows; row++) {
      x[row * dimension] = 7;
      x[row * dimension + 1] = 1 + (row % 2) * 1e-6;
    }
    const z = standardize(x, standardOf(x, rows, blocks, everyRow));
    expect(column(z, 0).every((value) => Math.abs(value) < 1e-5)).toBe(true);
    expect(column(z, 1).every((value) => Math.abs(value) < 1e-3)).toBe(true);
    expect(standardize(new Float32Array(8), standardOf(new Float32Array(8), 1, blocks, everyRow))).toEqual(
      new Float32Array(8),
    );
  });

  it("are mapped as the raw ones are by the head that is kept", () => {
    const x = features();
    const random = new Random(5);
    const numbers = (length: number) => Float32Array.from({ length }, () => random.next() / 2 ** 32 - 0.5);
    const head = { weight: numbers(2 * dimension), bias: numbers(2) };
    const standard = standardOf(x, rows, blocks, everyRow);
    const raw = unstandardized(head, standard);
    const z = standardize(x, standard);
    const apply = (
      { weight, bias }: Readonly<Record<"weight" | "bias", Float32Array>>,
      of: Float32Array,
      row: number,
      out: number,
    ) => {
      let sum = bias[out] ?? 0;
      for (let i = 0; i < dimension; i++) sum += (weight[out * dimension + i] ?? 0) * (of[row * dimension + i] ?? 0);
      return sum;
    };
    for (let row = 0; row < rows; row++) {
      for (const out of [0, 1]) expect(apply(raw, x, row, out)).toBeCloseTo(apply(head, z, row, out), 4);
    }
  });
});

describe("blocks", () => {
  it("are the encoders' dimensions, or one where the fingerprint says nothing that fits", () => {
    const encoders = [
      { sha256: "a", dimension: 3 },
      { sha256: "b", dimension: 5 },
    ];
    expect(blocksOf({ encoders }, 8)).toEqual([3, 5]);
    expect(blocksOf({ encoders }, 9)).toEqual([9]);
    expect(blocksOf({ encoder: "mine" }, 2)).toEqual([2]);
  });

  it("have the same length each in what the SVM sees without a head, and a row of them length 1", async () => {
    const x = Float32Array.of(3, 4, 0, 1000, 0, 0, 1, 2, 2, 0);
    const unit = await svmInput(x, 2, [2, 3], undefined);
    const length = (from: number, to: number) => Math.hypot(...unit.subarray(from, to));
    for (const each of [length(0, 2), length(2, 5), length(5, 7), length(7, 10)]) {
      expect(each ** 2).toBeCloseTo(0.5, 6);
    }
    expect(Math.hypot(...(await svmInput(x, 2, [5], undefined)).subarray(0, 5))).toBeCloseTo(1, 6);
  });
});
