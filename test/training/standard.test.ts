import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeSafetensors } from "../../src/safetensors.js";
import { fitStandard, readStandard, standardFile, standardise, writeStandard } from "../../src/training/standard.js";
import { temporaryFolder } from "../support/folders.js";

const folder = temporaryFolder("standard");

describe("fitStandard", () => {
  it("has the mean and deviation of sklearn.preprocessing.StandardScaler", () => {
    // StandardScaler().fit([[1, -2], [4, 0], [7, 8], [0, 1]]): mean_ [3, 1.75], scale_ [2.7386127875258306, 3.766629793329841].
    const { mean, deviation } = fitStandard(Float32Array.of(1, -2, 4, 0, 7, 8, 0, 1), 2);
    expect([...mean]).toEqual([3, 1.75]);
    expect(deviation[0]).toBeCloseTo(2.7386127875258306, 14);
    expect(deviation[1]).toBeCloseTo(3.766629793329841, 14);
  });

  it("gives rows mean 0 and deviation 1", () => {
    const x = Float32Array.from({ length: 300 }, (_, i) => 5 + (i % 3) + Math.sin(i * i));
    const again = fitStandard(standardise(x, fitStandard(x, 3)), 3);
    for (const mean of again.mean) expect(mean).toBeCloseTo(0, 6);
    for (const deviation of again.deviation) expect(deviation).toBeCloseTo(1, 6);
  });

  it("makes 0 of a column that does not vary, though its mean is rounded", () => {
    const x = Float32Array.from({ length: 9 }, () => 0.1);
    const standard = fitStandard(x, 1);
    expect([...standard.deviation]).toEqual([1]);
    expect(new Set(standardise(x, standard))).toEqual(new Set([0]));
  });

  it("leaves NaN and infinity in their place, and their neighbours finite", () => {
    const x = Float32Array.of(1, 2, Number.NaN, 4, 3, Number.POSITIVE_INFINITY);
    const rows = standardise(x, fitStandard(x, 2));
    expect([...rows]).toEqual([1, 2, Number.NaN, 4, 3, Number.POSITIVE_INFINITY]);
  });
});

describe("standard.safetensors", () => {
  it("is read as it was written", async () => {
    const standard = { mean: Float64Array.of(1 / 3, -2), deviation: Float64Array.of(0.1, 7) };
    await writeStandard(folder, standard);
    expect(await readStandard(folder, 2)).toEqual(standard);
  });

  it.each<[string, () => Promise<void> | void, RegExp]>([
    ["cut", () => writeFileSync(join(folder, standardFile), "cut"), /too few for a header/],
    ["of another length", () => write([0], [1]), /mean is not 2 finite numbers/],
    ["of NaN", () => write([0, 0], [Number.NaN, 1]), /deviation is not 2 finite numbers/],
    ["of a deviation of 0", () => write([0, 0], [0, 1]), /not above 0/],
  ])("is refused where it is %s", async (_what, damage, message) => {
    await damage();
    await expect(readStandard(folder, 2)).rejects.toMatchObject({
      code: "ERR_UNREEL_DETECTOR_INVALID",
      message: expect.stringMatching(message),
      details: { file: standardFile },
    });
  });

  function write(mean: readonly number[], deviation: readonly number[]): Promise<void> {
    const tensor = (values: readonly number[]) => ({ shape: [values.length], data: Float64Array.from(values) });
    const tensors = new Map([
      ["mean", tensor(mean)],
      ["deviation", tensor(deviation)],
    ]);
    return writeSafetensors(join(folder, standardFile), { tensors, metadata: {} });
  }
});
