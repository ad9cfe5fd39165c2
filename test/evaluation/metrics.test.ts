import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bootstrapAuc, quantile } from "../../src/evaluation/bootstrap.js";
import { metricsOf, rocCurve, type Scored } from "../../src/evaluation/metrics.js";
import type { Label } from "../../src/evaluation/prediction.js";
import { Random } from "../../src/random.js";
import { referencePython, runReference, withoutPython } from "../support/python.js";

/** Rows from "label score" pairs. */
function rows(...pairs: readonly (readonly [Label, number])[]): Scored[] {
  return pairs.map(([label, score]) => ({ label, score }));
}

/** Random rows whose scores tie often, and lean the right way. */
function randomRows(seed: number, n: number, levels: number, prevalence: number): Scored[] {
  const random = new Random(seed);
  const drawn = Array.from({ length: n }, () => {
    const label: Label = random.next() / 2 ** 32 < prevalence ? 1 : 0;
    return { label, score: (random.below(levels) + label * levels * 0.3) / levels - 0.6 };
  });
  return [{ label: 0, score: 0 }, { label: 1, score: 0 }, ...drawn];
}

const someRows = fc
  .array(fc.record({ label: fc.constantFrom<Label>(0, 1), score: fc.integer({ min: -20, max: 20 }) }), {
    maxLength: 60,
  })
  .map((drawn): Scored[] => [{ label: 0, score: 3 }, { label: 1, score: 3 }, ...drawn]);

describe("metrics worked out by hand", () => {
  it("of two reals and two fakes with one pair the wrong way round", () => {
    const metrics = metricsOf(rows([0, 0.1], [0, 0.4], [1, 0.35], [1, 0.8]), 0.5);
    expect(metrics).toEqual({
      n: 4,
      real: 2,
      fake: 2,
      prevalence: 0.5,
      majorityBaseline: { accuracy: 0.5, f1AlwaysFake: 2 / 3 },
      auc: 0.75,
      eer: 0.5,
      eerThreshold: 0.4,
      ap: 0.5 * 1 + 0.5 * (2 / 3),
      tprAtFpr1: 0.5,
      accuracy: 0.75,
      balancedAccuracy: 0.75,
      precision: 1,
      recall: 0.5,
      f1: 2 / 3,
      confusion: { tp: 1, fp: 0, tn: 2, fn: 1 },
    });
  });

  it("of scores that are all equal: chance", () => {
    const { auc, eer, ap, tprAtFpr1 } = metricsOf(rows([0, 1], [1, 1], [1, 1], [1, 1]));
    expect({ auc, eer, ap, tprAtFpr1 }).toEqual({ auc: 0.5, eer: 0.5, ap: 0.75, tprAtFpr1: 0 });
  });

  it("of a perfect detector, and of its mirror image", () => {
    expect(metricsOf(rows([0, 1], [0, 2], [1, 3], [1, 4]))).toMatchObject({ auc: 1, eer: 0, ap: 1, tprAtFpr1: 1 });
    expect(metricsOf(rows([1, 1], [1, 2], [0, 3], [0, 4]))).toMatchObject({ auc: 0, eer: 1, tprAtFpr1: 0 });
  });

  it("interpolates the EER on the line between two points of the ROC", () => {
    // (0, 0) -> (0, 1/2) -> (1/2, 1): false positives f and misses 1/2 - f are equal at f = 1/4.
    expect(metricsOf(rows([1, 3], [1, 2], [0, 2], [0, 1])).eer).toBe(0.25);
  });

  it("of always-fake on Celeb-DF v2's official list: accuracy 65.6 %, F1 79.3 %", () => {
    const list = [...Array(178).fill([0, 1]), ...Array(340).fill([1, 1])] as [Label, number][];
    const metrics = metricsOf(rows(...list), 0);
    expect(metrics.accuracy).toBe(metrics.majorityBaseline.accuracy);
    expect(metrics.f1).toBe(metrics.majorityBaseline.f1AlwaysFake);
    expect(metrics.accuracy).toBeCloseTo(0.656, 3);
    expect(metrics.f1).toBe(680 / 858);
  });

  it("takes one false positive in a hundred reals as 1 %", () => {
    const reals = Array.from({ length: 100 }, (_, i): [Label, number] => [0, i === 0 ? 5 : -5]);
    expect(metricsOf(rows(...reals, [1, 4], [1, -6])).tprAtFpr1).toBe(0.5);
    expect(metricsOf(rows(...reals.slice(0, 99), [1, 4], [1, -6])).tprAtFpr1).toBe(0);
  });

  it("calls fake what reaches the threshold exactly", () => {
    expect(metricsOf(rows([0, 1], [1, 2]), 2).confusion).toEqual({ tp: 1, fp: 0, tn: 1, fn: 0 });
  });

  it("leaves undefined what is not defined, and leaves out what needs a threshold", () => {
    expect(metricsOf(rows([0, 1], [1, 0]), 9)).toMatchObject({ precision: null, recall: 0, f1: 0 });
    expect(metricsOf(rows([1, 1]), 0)).toMatchObject({ auc: null, eer: null, ap: null, balancedAccuracy: null });
    expect(metricsOf([])).toMatchObject({ n: 0, prevalence: null, majorityBaseline: { accuracy: null } });
    expect(metricsOf(rows([0, 1], [1, 0]))).not.toHaveProperty("accuracy");
  });
});

describe("metrics as properties", () => {
  it("AUC, EER, AP and TPR hold under any increasing map of the scores", () => {
    fc.assert(
      fc.property(someRows, (drawn) => {
        const ranking = (mapped: readonly Scored[]) => ({ ...metricsOf(mapped), eerThreshold: null });
        expect(ranking(drawn.map((row) => ({ ...row, score: Math.exp(row.score / 4) })))).toEqual(ranking(drawn));
      }),
    );
  });

  it("swapping labels, or turning scores round, gives 1 - AUC", () => {
    fc.assert(
      fc.property(someRows, (drawn) => {
        const swapped = drawn.map(({ label, score }) => ({ label: (1 - label) as Label, score }));
        const turned = drawn.map(({ label, score }) => ({ label, score: -score }));
        const expected = 1 - (metricsOf(drawn).auc ?? Number.NaN);
        expect(metricsOf(swapped).auc).toBeCloseTo(expected, 14);
        expect(metricsOf(turned).auc).toBeCloseTo(expected, 14);
      }),
    );
  });

  it("the AUC is the share of pairs in the right order, ties half", () => {
    fc.assert(
      fc.property(someRows, (drawn) => {
        const of = (label: Label) => drawn.filter((row) => row.label === label).map((row) => row.score);
        const pairs = of(1).flatMap((fake) => of(0).map((real) => (fake > real ? 1 : fake === real ? 0.5 : 0)));
        expect(metricsOf(drawn).auc).toBeCloseTo(pairs.reduce<number>((a, b) => a + b, 0) / pairs.length, 14);
      }),
    );
  });

  it("order of rows does not matter", () => {
    const shuffled = someRows.chain((drawn) =>
      fc.tuple(fc.constant(drawn), fc.shuffledSubarray(drawn, { minLength: drawn.length })),
    );
    fc.assert(
      fc.property(shuffled, ([drawn, other]) => {
        expect(metricsOf(other, 1)).toEqual(metricsOf(drawn, 1));
      }),
    );
  });

  it("the EER's threshold is a vertex where both error rates lie nearest to each other", () => {
    fc.assert(
      fc.property(someRows, (drawn) => {
        const { eerThreshold, real, fake, eer } = metricsOf(drawn);
        const gap = (tp: number, fp: number) => Math.abs(fp / real - (fake - tp) / fake);
        const gaps = rocCurve(drawn).map((point) => gap(point.truePositives, point.falsePositives));
        const decided = metricsOf(drawn, eerThreshold ?? undefined).confusion;
        expect(eer).toBeGreaterThanOrEqual(0);
        if (eerThreshold !== null && decided) expect(gap(decided.tp, decided.fp)).toBeCloseTo(Math.min(...gaps), 12);
      }),
    );
  });
});

describe.skipIf(referencePython() === undefined)(`metrics against scikit-learn (${withoutPython})`, () => {
  it("are equal on random predictions with ties, of many sizes and prevalences", async () => {
    const cases = [2, 3, 10, 50, 300, 2000].flatMap((n, i) =>
      [3, 17, 1_000_000].flatMap((levels, j) =>
        [0.05, 0.5, 0.9].map((prevalence, k) => randomRows(100 * i + 10 * j + k, n, levels, prevalence)),
      ),
    );
    const folder = await mkdtemp(join(tmpdir(), "unreel-metrics-"));
    try {
      const file = join(folder, "cases.json");
      const input = cases.map((drawn) => ({
        labels: drawn.map((row) => row.label),
        scores: drawn.map((row) => row.score),
        threshold: 0.1,
      }));
      await writeFile(file, JSON.stringify(input));
      const references: unknown = JSON.parse(await runReference("metrics.py", [file]));
      const ours = cases.map((drawn) => {
        const m = metricsOf(drawn, 0.1);
        const { auc, ap, eer, tprAtFpr1, accuracy, balancedAccuracy, precision, recall, f1, confusion } = m;
        const alwaysFakeF1 = m.majorityBaseline.f1AlwaysFake;
        return { auc, ap, eer, tprAtFpr1, accuracy, balancedAccuracy, precision, recall, f1, alwaysFakeF1, confusion };
      });
      const rounded = (value: unknown) =>
        JSON.parse(JSON.stringify(value), (_key, each) => (typeof each === "number" ? Number(each.toFixed(12)) : each));
      expect(rounded(ours)).toEqual(rounded(references));
      expect(ours).toHaveLength(54);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe("bootstrapAuc", () => {
  const grouped = randomRows(5, 60, 20, 0.5).map((row, i) => ({ ...row, group: `g${i % 12}` }));

  it("is what resampling whole groups by hand gives", async () => {
    const random = new Random(9);
    const areas = Array.from({ length: 200 }, () => {
      const drawn = Array.from({ length: 12 }, () => random.below(12));
      return metricsOf(drawn.flatMap((group) => grouped.filter((row) => row.group === `g${group}`))).auc ?? Number.NaN;
    }).sort((a, b) => a - b);
    const interval = await bootstrapAuc(grouped, { samples: 200, seed: 9 });
    expect(interval).toMatchObject({ level: 0.95, groups: 12, samples: 200, used: 200, seed: 9 });
    expect(interval?.lower).toBeCloseTo(quantile(areas, 0.025), 14);
    expect(interval?.upper).toBeCloseTo(quantile(areas, 0.975), 14);
  });

  it("is the same for a seed and another for another seed", async () => {
    const interval = await bootstrapAuc(grouped, { samples: 300, seed: 1 });
    expect(await bootstrapAuc(grouped, { samples: 300, seed: 1 })).toEqual(interval);
    expect((await bootstrapAuc(grouped, { samples: 300, seed: 2 }))?.lower).not.toBe(interval?.lower);
  });

  it("is wider where rows of a group go together", async () => {
    const copies = grouped.slice(0, 12).flatMap((row) => Array.from({ length: 8 }, () => row));
    const apart = copies.map((row, i) => ({ ...row, group: String(i) }));
    const width = async (drawn: typeof copies) => {
      const interval = await bootstrapAuc(drawn, { samples: 500, seed: 1 });
      return (interval?.upper ?? Number.NaN) - (interval?.lower ?? Number.NaN);
    };
    expect(await width(copies)).toBeGreaterThan(1.5 * (await width(apart)));
  });

  it("counts resamples of one class, and gives up on one group", async () => {
    const pair = [
      { label: 0 as const, score: 0, group: "a" },
      { label: 1 as const, score: 1, group: "b" },
    ];
    const interval = await bootstrapAuc(pair, { samples: 1000, seed: 1 });
    expect(interval?.used).toBeGreaterThan(400);
    expect(interval?.used).toBeLessThan(600);
    expect(interval).toMatchObject({ lower: 1, upper: 1 });
    expect(
      await bootstrapAuc(
        pair.map((row) => ({ ...row, group: "a" })),
        { samples: 10, seed: 1 },
      ),
    ).toBeUndefined();
  });

  it("takes quantiles as numpy does", () => {
    expect([0, 0.1, 0.5, 0.75, 1].map((q) => quantile([1, 2, 4, 8], q))).toEqual([1, 1.3, 3, 5, 8]);
  });
});
