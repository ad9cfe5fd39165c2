// The point of a grid: figures against scikit-learn's by hand, and the one-standard-error rule.
import { describe, expect, it } from "vitest";
import type { Grouped } from "../../src/evaluation/bootstrap.js";
import { type GridPoint, gridPoint, oneStandardError } from "../../src/training/svm-grid.js";

const point = (c: number, gamma: number, auc: number, standardError = 0.01): GridPoint => {
  return { c, gamma, auc, standardError, interval: null };
};

describe("oneStandardError", () => {
  it("takes the smallest C within one standard error of the best, then the smallest gamma", () => {
    const points = [
      point(10, 1, 0.95, 0.02),
      point(0.1, 1, 0.929),
      point(1, 4, 0.94),
      point(1, 0.25, 0.935),
      point(1, 1, 0.945),
    ];
    expect(oneStandardError(points)).toEqual({ best: 0, chosen: 3 });
  });

  it("counts the best point's own standard error, and its edge as within", () => {
    expect(oneStandardError([point(0.1, 1, 0.75, 0.5), point(1, 1, 1, 0.25)])).toEqual({ best: 1, chosen: 0 });
    expect(oneStandardError([point(0.1, 1, 0.75, 0.5), point(1, 1, 1, 0.125)])).toEqual({ best: 1, chosen: 1 });
  });

  it("of equally good points calls the simplest the best", () => {
    expect(oneStandardError([point(10, 1, 1, 0), point(1, 4, 1, 0), point(1, 1, 1, 0)])).toEqual({
      best: 2,
      chosen: 2,
    });
  });
});

describe("gridPoint", () => {
  const videos: Grouped[] = [
    // Fold 0: both fakes above both reals. Fold 1: 2 of 4 pairs in order. Fold 2: reals alone.
    ...[0, 0, 1, 1].map((label, i) => ({ label: label as 0 | 1, score: i, group: `a${i % 2}` })),
    ...[0, 1, 1, 0].map((label, i) => ({ label: label as 0 | 1, score: i, group: `b${i % 2}` })),
    ...[0, 0].map((label, i) => ({ label: label as 0 | 1, score: i, group: "c" })),
  ];
  const folds = [0, 0, 0, 0, 1, 1, 1, 1, 2, 2];

  it("is the mean of the folds' AUCs with its standard error; a fold of one class has none", async () => {
    const { auc, standardError, interval } = await gridPoint({ c: 1, gamma: 1 }, videos, folds, 1);
    expect(auc).toBe(0.75);
    // AUCs 1 and 0.5: deviation sqrt(0.125), of two folds.
    expect(standardError).toBeCloseTo(Math.sqrt(0.125 / 2), 15);
    expect(interval?.[0]).toBeLessThan(0.75);
    expect(interval?.[1]).toBeGreaterThan(0.75);
  });

  it("has no interval of one group", async () => {
    const one = videos.map((video) => ({ ...video, group: "one" }));
    expect((await gridPoint({ c: 1, gamma: 1 }, one, folds, 1)).interval).toBeNull();
  });
});
