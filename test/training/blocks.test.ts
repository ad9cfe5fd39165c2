import { describe, expect, it } from "vitest";
import { blocksOf } from "../../src/training/blocks.js";
import { svmInput } from "../../src/training/score.js";

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
    const unit = await svmInput(x, 2, { blocks: [2, 3], head: undefined });
    const length = (from: number, to: number) => Math.hypot(...unit.subarray(from, to));
    for (const each of [length(0, 2), length(2, 5), length(5, 7), length(7, 10)]) {
      expect(each ** 2).toBeCloseTo(0.5, 6);
    }
    expect(Math.hypot(...(await svmInput(x, 2, { blocks: [5], head: undefined })).subarray(0, 5))).toBeCloseTo(1, 6);
  });
});
