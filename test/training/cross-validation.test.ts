import { describe, expect, it } from "vitest";
import { crossValidateSvm } from "../../src/training/cross-validation.js";
import { trainSvm } from "../../src/training/svm.js";
import { clusters } from "./clusters.js";

const rows = 240;
const dims = 6;
const { x, labels } = clusters(rows, dims);
const groups = Array.from({ length: rows }, (_, row) => row >> 2);

/** The values of a fold's rows by the machine that was trained on the others. */
async function byHand(folds: Int32Array, options: { c: number; gamma: number; kernel: "rbf" | "linear" }) {
  const values = new Float64Array(rows);
  for (let fold = 0; fold <= Math.max(...folds); fold += 1) {
    const training = [...folds.keys()].filter((row) => folds[row] !== fold);
    const held = [...folds.keys()].filter((row) => folds[row] === fold);
    const take = (chosen: number[]) =>
      Float32Array.from(chosen.flatMap((row) => [...x.subarray(row * dims, (row + 1) * dims)]));
    const svm = await trainSvm(
      take(training),
      Int32Array.from(training, (row) => labels[row] ?? 0),
      {
        ...options,
        rows: training.length,
        dims,
        classWeights: { real: 1, fake: 1 },
      },
    );
    const own = await svm.decisionValues(take(held), { rows: held.length });
    held.forEach((row, i) => {
      values[row] = own[i] ?? Number.NaN;
    });
  }
  return values;
}

describe("crossValidateSvm", () => {
  const options = { rows, dims, groups, folds: 4, classWeights: { real: 1, fake: 1 } } as const;

  for (const kernel of ["rbf", "linear"] as const) {
    it(`gives what trainings on the other folds give: ${kernel}`, async () => {
      const grid = { c: [0.5, 20], gamma: [0.3, 1] };
      const { folds, points } = await crossValidateSvm(x, labels, { ...options, ...grid, kernel });
      expect(points.map(({ c, gamma }) => [c, gamma])).toEqual(
        kernel === "linear"
          ? [
              [0.5, 0],
              [20, 0],
            ]
          : [
              [0.5, 0.3],
              [20, 0.3],
              [0.5, 1],
              [20, 1],
            ],
      );
      for (const { c, gamma, values } of points) {
        const expected = await byHand(folds, { c, gamma: gamma || 1, kernel });
        const difference = Math.max(...values.map((value, row) => Math.abs(value - (expected[row] ?? Number.NaN))));
        expect(difference).toBeLessThan(1e-5);
      }
    });
  }

  it("gives the bits of decisionValues where the matrix does not fit", async () => {
    const { folds, points } = await crossValidateSvm(x, labels, { ...options, c: 3, gamma: 0.7, matrixMb: 0 });
    expect(points[0]?.values).toEqual(await byHand(folds, { c: 3, gamma: 0.7, kernel: "rbf" }));
  });

  it("does not depend on the threads", async () => {
    const grid = { ...options, c: [0.1, 1, 10], gamma: [0.5, 2] };
    const one = await crossValidateSvm(x, labels, { ...grid, threads: 1 });
    const three = await crossValidateSvm(x, labels, { ...grid, threads: 3 });
    expect(three).toEqual(one);
  });

  it("reports each training", async () => {
    const reports: unknown[] = [];
    await crossValidateSvm(x, labels, { ...options, c: [1, 2], onProgress: (progress) => reports.push(progress) });
    expect(reports).toHaveLength(8);
    expect(reports.at(-1)).toEqual({ done: 8, all: 8 });
  });

  it("ends when the signal fires", async () => {
    const abort = new AbortController();
    const running = crossValidateSvm(x, labels, {
      ...options,
      c: [1, 2],
      onProgress: () => abort.abort(),
      signal: abort.signal,
    });
    await expect(running).rejects.toMatchObject({ code: "ERR_UNREEL_ABORTED" });
  });

  it.each<[string, object, string]>([
    ["groups of another length", { groups: [1] }, "ERR_UNREEL_INVALID_ARGUMENT"],
    ["an empty grid", { c: [] }, "ERR_UNREEL_INVALID_ARGUMENT"],
    ["C = 0 in the grid", { c: [1, 0] }, "ERR_UNREEL_INVALID_ARGUMENT"],
    ["a negative gamma in the grid", { gamma: [1, -1] }, "ERR_UNREEL_INVALID_ARGUMENT"],
    ["one fold", { folds: 1 }, "ERR_UNREEL_INVALID_ARGUMENT"],
    ["fewer groups than folds", { folds: 61 }, "ERR_UNREEL_TOO_FEW_GROUPS"],
  ])("refuses %s", (_what, wrong, code) => {
    expect(() => crossValidateSvm(x, labels, { ...options, ...wrong })).toThrow(expect.objectContaining({ code }));
  });

  it("refuses folds that leave one class", async () => {
    const byClass = Array.from(labels, (label) => label);
    await expect(crossValidateSvm(x, labels, { ...options, groups: byClass, folds: 2 })).rejects.toMatchObject({
      code: "ERR_UNREEL_ONE_CLASS",
      details: { fold: expect.any(Number) },
    });
  });
});
