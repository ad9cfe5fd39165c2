import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { curveAt, fitIsotonic } from "../../src/calibration/isotonic.js";
import { reliabilityOf } from "../../src/calibration/reliability.js";
import { fitSigmoid, sigmoidAt } from "../../src/calibration/sigmoid.js";
import type { Scored } from "../../src/evaluation/metrics.js";
import { Random } from "../../src/random.js";
import { temporaryFolder } from "../support/folders.js";
import { referencePython, runReference, withoutPython } from "../support/python.js";
import { normal, uniform, videosOf, videosOfSigmoid } from "./simulated.js";

interface Case {
  readonly scores: number[];
  readonly labels: (0 | 1)[];
  readonly weights: number[];
  readonly queries: number[];
  readonly probabilities: number[];
  readonly bins: number;
}

interface Reference {
  readonly isotonic: { scores: number[]; values: number[]; queries: number[] };
  readonly sigmoid: { a: number; b: number; queries: number[] };
  readonly ece: number;
  readonly brier: number;
  readonly logLoss: number;
  readonly bins: [number, number, number][];
}

/** Scores that overlap; those of every other case tie often, as do its probabilities. */
function randomCase(seed: number): Case {
  const random = new Random(seed);
  const n = 20 + random.below(300);
  const labels = Array.from({ length: n }, (_, i): 0 | 1 => (i < 2 || uniform(random) < 0.3 ? 1 : 0));
  const round = (value: number) => (seed % 2 === 0 ? Math.round(value * 4) / 4 : value);
  return {
    scores: labels.map((label) => round(normal(random) + label)),
    labels,
    weights: labels.map(() => random.below(4)),
    queries: Array.from({ length: 40 }, () => 3 * normal(random)),
    probabilities: labels.map((label) => round(Math.min(Math.max(0.4 + 0.3 * normal(random) + 0.1 * label, 0), 1))),
    bins: Math.max(2, Math.min(10, Math.floor(n / 10))),
  };
}

function expectNear(ours: readonly number[], theirs: readonly number[], tolerance: number): void {
  expect(ours).toHaveLength(theirs.length);
  const largest = Math.max(0, ...ours.map((value, i) => Math.abs(value - (theirs[i] ?? Number.NaN))));
  expect(largest).toBeLessThan(tolerance);
}

const python = referencePython();

describe.skipIf(python === undefined)(`against scikit-learn and scipy${python ? "" : `: ${withoutPython}`}`, () => {
  const cases = Array.from({ length: 30 }, (_, seed) => randomCase(seed));
  const file = join(temporaryFolder("calibration"), "cases.json");
  const references = (async () => {
    await writeFile(file, JSON.stringify(cases));
    return JSON.parse(await runReference("calibration.py", [file])) as Reference[];
  })();
  const rowsOf = ({ scores, labels }: Case): Scored[] => labels.map((label, i) => ({ label, score: scores[i] ?? 0 }));
  const pairs = async () => (await references).map((reference, i) => [cases[i] as Case, reference] as const);

  it("isotonic regression has IsotonicRegression's points and values", async () => {
    for (const [given, { isotonic }] of await pairs()) {
      const curve = fitIsotonic(rowsOf(given), given.weights);
      expectNear(curve.scores, isotonic.scores, 1e-12);
      expectNear(curve.values, isotonic.values, 1e-12);
      expectNear(
        given.queries.map((score) => curveAt(curve, score)),
        isotonic.queries,
        1e-12,
      );
    }
  });

  it("the sigmoid is where scipy finds the least of Lin, Lin and Weng's objective", async () => {
    for (const [given, { sigmoid }] of await pairs()) {
      const ours = await fitSigmoid(rowsOf(given));
      expectNear([ours.a, ours.b], [sigmoid.a, sigmoid.b], 1e-5);
      expectNear(
        given.queries.map((score) => sigmoidAt(ours, score)),
        sigmoid.queries,
        1e-5,
      );
    }
  });

  it("Brier score, log loss and the table behind a reliability diagram are scikit-learn's", async () => {
    for (const [{ labels, probabilities }, reference] of await pairs()) {
      const ours = reliabilityOf(labels.map((label, i) => ({ label, probability: probabilities[i] ?? 0 })));
      expect(ours.brier).toBeCloseTo(reference.brier, 12);
      expect(ours.logLoss).toBeCloseTo(reference.logLoss, 10);
      expect(ours.ece).toBeCloseTo(reference.ece, 12);
      const table = ours.bins.flatMap((bin) => [bin.videos, bin.meanProbability, bin.fakeShare]);
      expectNear(table, reference.bins.flat(), 1e-12);
    }
  });
});

describe("isotonic regression", () => {
  const someRows = fc.array(
    fc.record({ label: fc.constantFrom<0 | 1>(0, 1), score: fc.integer({ min: -9, max: 9 }) }),
    {
      minLength: 1,
      maxLength: 40,
    },
  );

  it("never falls and is never certain", () => {
    fc.assert(
      fc.property(someRows, (rows) => {
        const { scores, values } = fitIsotonic(rows);
        expect([...scores].sort((a, b) => a - b)).toEqual(scores);
        expect([...values].sort((a, b) => a - b)).toEqual(values);
        expect(values.every((value) => value > 0 && value < 1)).toBe(true);
      }),
    );
  });

  it("counts a weight as so many rows", () => {
    const rows = videosOf([0, 1], [1, 2], [0, 3], [1, 4]);
    const repeated = rows.flatMap((row, i) => new Array<Scored>(i).fill(row));
    expect(fitIsotonic(rows, [0, 1, 2, 3])).toEqual(fitIsotonic(repeated));
  });

  it("gives n / (n + 1) to n fakes above every real, and the rest to as many reals", () => {
    const { values } = fitIsotonic(videosOf([0, 1], [0, 2], [0, 3], [1, 4], [1, 5], [1, 6], [1, 7]));
    expect(values).toEqual([1 / 4, 1 / 4, 4 / 5, 4 / 5]);
  });

  it("gives Laplace's rule of succession where all scores are equal", () => {
    const curve = fitIsotonic(videosOf([0, 5], [1, 5], [1, 5]));
    expect([-1, 5, 9].map((score) => curveAt(curve, score))).toEqual([3 / 5, 3 / 5, 3 / 5]);
  });
});

describe("the sigmoid", () => {
  it("finds the one that drew the labels", async () => {
    const { a, b } = await fitSigmoid(videosOfSigmoid(40_000, { a: -1.3, b: 0.6, seed: 3 }));
    expect(a).toBeCloseTo(-1.3, 1);
    expect(b).toBeCloseTo(0.6, 1);
  });

  it("is never certain and never overflows", () => {
    for (const score of [-1e308, -800, 800, 1e308]) {
      const probability = sigmoidAt({ a: -1, b: 0 }, score);
      expect(probability).toBeGreaterThan(0);
      expect(probability).toBeLessThan(1);
      expect(probability > 0.5).toBe(score > 0);
    }
  });
});

describe("reliability", () => {
  it("worked out by hand: two bins of two", () => {
    const judged = [0.1, 0.3, 0.6, 0.8].map((probability, i) => ({ label: (i % 2) as 0 | 1, probability }));
    const { ece, brier, bins, baseline, videos } = reliabilityOf(judged);
    expect(videos).toBe(4);
    expect(bins).toEqual([
      { videos: 2, from: 0.1, to: 0.3, meanProbability: 0.2, fakeShare: 0.5 },
      { videos: 2, from: 0.6, to: 0.8, meanProbability: 0.7, fakeShare: 0.5 },
    ]);
    expect(ece).toBeCloseTo(0.25, 15);
    expect(brier).toBeCloseTo((0.01 + 0.49 + 0.36 + 0.04) / 4, 15);
    expect(baseline).toEqual({ brier: 0.25, logLoss: Math.LN2 });
  });

  it("equal probabilities are one bin", () => {
    const judged = Array.from({ length: 50 }, (_, i) => ({ label: (i % 2) as 0 | 1, probability: 0.5 }));
    expect(reliabilityOf(judged)).toMatchObject({ ece: 0, bins: [{ videos: 50, fakeShare: 0.5 }] });
  });

  it("a certain mistake costs much and not everything", () => {
    const { logLoss } = reliabilityOf([
      { label: 1, probability: 0 },
      { label: 0, probability: 0 },
    ]);
    expect(logLoss).toBeCloseTo(-Math.log(Number.EPSILON) / 2, 10);
  });
});
