import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { operatingPoints, thresholdNamed } from "../../src/calibration/operating-points.js";
import { deploymentPrecision } from "../../src/calibration/precision.js";
import { atPrevalence, checkPrevalence, precisionAt } from "../../src/calibration/prevalence.js";
import {
  chooseThreshold,
  chooseThresholds,
  type Threshold,
  type ThresholdRule,
  thresholdRules,
} from "../../src/calibration/thresholds.js";
import { unseenRate } from "../../src/calibration/unseen.js";
import { type Grouped, quantile } from "../../src/evaluation/bootstrap.js";
import { decisionMetrics, metricsOf } from "../../src/evaluation/metrics.js";
import { Random } from "../../src/random.js";
import { normal, videosOf } from "./simulated.js";

/** Fakes score one higher on average; `perGroup` neighbours share a group. */
function overlapping(real: number, fake: number, seed: number, perGroup = 1): Grouped[] {
  const random = new Random(seed);
  return Array.from({ length: real + fake }, (_, i): Grouped => {
    const label = i < real ? 0 : 1;
    return { label, score: normal(random) + label, group: `g${Math.floor(i / perGroup)}` };
  });
}

async function chosenBy(videos: readonly Grouped[], rule: ThresholdRule): Promise<number> {
  return (await chooseThreshold(videos, rule, { chosenOn: "validation", samples: 1 })).value;
}

const someVideos = fc
  .array(fc.record({ label: fc.constantFrom<0 | 1>(0, 1), score: fc.integer({ min: -8, max: 8 }) }), { maxLength: 40 })
  .map((rows) => [...rows, { label: 0 as const, score: 1 }, { label: 1 as const, score: 1 }])
  .map((rows) => rows.map((row, i): Grouped => ({ ...row, group: `g${i % 7}` })));

/** Both rates at every threshold that makes a difference, from the one that calls nothing fake down. */
function allRates(videos: readonly Grouped[]): { fpr: number; tpr: number }[] {
  const scores = [...new Set(videos.map(({ score }) => score))].sort((a, b) => b - a);
  return [99, ...scores].map((threshold) => ratesAt(videos, threshold));
}

function ratesAt(videos: readonly Grouped[], threshold: number): { fpr: number; tpr: number } {
  const { confusion } = decisionMetrics(videos, threshold);
  return {
    fpr: confusion.fp / (confusion.fp + confusion.tn),
    tpr: confusion.tp / (confusion.tp + confusion.fn),
  };
}

describe("rules, against every threshold there could be", () => {
  const check = (rule: ThresholdRule, holds: (at: { fpr: number; tpr: number }, all: (typeof at)[]) => void) =>
    fc.assert(
      fc.asyncProperty(someVideos, async (videos) => {
        holds(ratesAt(videos, await chosenBy(videos, rule)), allRates(videos));
      }),
    );

  it("eer: no other threshold has rates of error nearer to each other", () =>
    check("eer", ({ fpr, tpr }, all) => {
      const apart = (at: { fpr: number; tpr: number }) => Math.abs(at.fpr - (1 - at.tpr));
      expect(apart({ fpr, tpr })).toBeCloseTo(Math.min(...all.map(apart)), 12);
    }));

  it("balanced-accuracy: no other threshold has a better one", () =>
    check("balanced-accuracy", ({ fpr, tpr }, all) => {
      expect(tpr - fpr).toBeCloseTo(Math.max(...all.map((at) => at.tpr - at.fpr)), 12);
    }));

  it("fpr-0: no false alarm, and no other such threshold finds more fakes", () =>
    check("fpr-0", ({ fpr, tpr }, all) => {
      expect(fpr).toBe(0);
      expect(tpr).toBe(Math.max(...all.filter((at) => at.fpr === 0).map((at) => at.tpr)));
    }));

  it("tpr-99: 99 of 100 fakes found, and no other such threshold has fewer false alarms", () =>
    check("tpr-99", ({ fpr, tpr }, all) => {
      expect(tpr).toBeGreaterThanOrEqual(0.99);
      expect(fpr).toBe(Math.min(...all.filter((at) => at.tpr >= 0.99).map((at) => at.fpr)));
    }));

  it.each([
    ["fpr-1", 0.01, 100],
    ["fpr-1", 0.01, 350],
    ["fpr-0.1", 0.001, 1000],
    ["fpr-0.1", 0.001, 2500],
  ] as const)("%s: the most fakes at a false positive rate of at most %d, of %d reals", async (rule, most, real) => {
    for (let seed = 1; seed <= 5; seed += 1) {
      const videos = overlapping(real, 200, seed);
      const { fpr, tpr } = ratesAt(videos, await chosenBy(videos, rule));
      const allowed = allRates(videos).filter((at) => at.fpr <= most);
      expect(fpr).toBe(Math.max(...allowed.map((at) => at.fpr)));
      expect(tpr).toBe(Math.max(...allowed.map((at) => at.tpr)));
    }
  });

  it("eer makes the decisions of the report's eerThreshold", async () => {
    const videos = overlapping(60, 50, 3);
    const { eerThreshold } = metricsOf(videos);
    expect(ratesAt(videos, await chosenBy(videos, "eer"))).toEqual(ratesAt(videos, eerThreshold ?? Number.NaN));
  });
});

describe("where between two scores a threshold lies", () => {
  const apart = videosOf([0, 1], [0, 2], [1, 6], [1, 7]);

  it("eer and balanced accuracy: half-way; few false alarms: as high as can be; few misses: as low", async () => {
    expect(await chosenBy(apart, "eer")).toBe(4);
    expect(await chosenBy(apart, "balanced-accuracy")).toBe(4);
    expect(await chosenBy(apart, "fpr-0")).toBe(6);
    const lowest = await chosenBy(apart, "tpr-99");
    expect(lowest).toBeGreaterThan(2);
    expect(lowest).toBeLessThan(2 + 1e-15);
  });

  it("just above the highest score where nothing may be called fake", async () => {
    for (const top of [3, 0, -0, -2.5]) {
      const value = await chosenBy(videosOf([0, top], [1, top - 1]), "fpr-0");
      expect(value).toBeGreaterThan(top);
      expect(value - top).toBeLessThan(1e-15);
    }
  });

  it("neighbouring doubles have no half-way", async () => {
    const next = 1 + Number.EPSILON;
    expect(await chosenBy(videosOf([0, 1], [1, next]), "eer")).toBe(next);
  });
});

describe("chooseThresholds", () => {
  const options = { chosenOn: "validation", samples: 200 } as const;

  it("leaves out false positive rates that the real videos are too few for, and says why", async () => {
    const names = async (real: number) => {
      const { thresholds, thresholdsOmitted } = await chooseThresholds(overlapping(real, 50, 1), {
        ...options,
        samples: 1,
      });
      return [thresholds.map(({ name }) => name), thresholdsOmitted];
    };
    const few = {
      name: "fpr-1",
      reason: "The threshold fpr-1 needs at least 100 real videos to be chosen on; there are 99.",
    };
    const [none, omitted] = await names(99);
    expect(none).toEqual(["eer", "balanced-accuracy", "fpr-0", "tpr-99"]);
    expect(omitted).toMatchObject([few, { name: "fpr-0.1" }]);
    expect((await names(100))[1]).toMatchObject([{ name: "fpr-0.1" }]);
    expect(await names(1000)).toEqual([thresholdRules, []]);
  });

  it("refuses such a rate where it is asked for by name", async () => {
    await expect(chooseThreshold(overlapping(999, 50, 1), "fpr-0.1", options)).rejects.toMatchObject({
      code: "ERR_UNREEL_TOO_FEW_REAL",
      details: { threshold: "fpr-0.1", needed: 1000, realVideos: 999 },
    });
  });

  it("refuses one class", async () => {
    const reals = overlapping(20, 0, 1);
    await expect(chooseThresholds(reals, options)).rejects.toMatchObject({ code: "ERR_UNREEL_ONE_CLASS" });
    await expect(chooseThreshold(reals, "eer", options)).rejects.toMatchObject({ code: "ERR_UNREEL_ONE_CLASS" });
  });

  it("says what each was chosen on, and is the same for videos in any order", async () => {
    const videos = overlapping(120, 80, 4, 4);
    const chosen = await chooseThresholds(videos, options);
    expect(await chooseThresholds([...videos].reverse(), options)).toEqual(chosen);
    for (const threshold of chosen.thresholds) {
      expect(threshold).toMatchObject({ videos: 200, realVideos: 120, chosenOn: "validation" });
      expect(threshold).toMatchObject(ratesAt(videos, threshold.value));
    }
  });

  it("has the interval that resampling whole groups by hand gives", async () => {
    const videos = overlapping(30, 30, 5, 3).sort((a, b) => a.score - b.score);
    const { interval } = await chooseThreshold(videos, "balanced-accuracy", { ...options, seed: 9 });
    const groups = [...new Set(videos.map(({ group }) => group))];
    const random = new Random(9);
    const values: number[] = [];
    for (let sample = 0; sample < 200; sample += 1) {
      const drawn = groups.map(() => groups[random.below(groups.length)]);
      values.push(
        await chosenBy(
          drawn.flatMap((name) => videos.filter(({ group }) => group === name)),
          "balanced-accuracy",
        ),
      );
    }
    values.sort((a, b) => a - b);
    expect(interval).toEqual([quantile(values, 0.025), quantile(values, 0.975)]);
  });

  it("never says never: no false alarm among few groups leaves room for many", async () => {
    const videos = overlapping(40, 40, 6, 2).map((video) => ({ ...video, score: video.score + 50 * video.label }));
    const { fpr, fprInterval } = await chooseThreshold(videos, "eer", options);
    expect(fpr).toBe(0);
    // 20 groups of reals; scipy.stats.binomtest(0, 20).proportion_ci().high = 0.16843347098308536.
    expect(fprInterval).toEqual([0, expect.closeTo(0.16843347098308536, 14)]);
  });

  it("the interval of the false positive rate is wider where videos of a group go together", async () => {
    const copies = overlapping(30, 30, 7).flatMap((video) => new Array<Grouped>(8).fill(video));
    const width = async (videos: readonly Grouped[]) => {
      const [lower = 0, upper = 0] = (await chooseThreshold(videos, "eer", options)).fprInterval ?? [];
      return upper - lower;
    };
    expect(await width(copies)).toBeGreaterThan(
      1.5 * (await width(copies.map((each, i) => ({ ...each, group: `${i}` })))),
    );
  });

  it("has no intervals for one group", async () => {
    const one = overlapping(20, 20, 8).map((video) => ({ ...video, group: "one" }));
    const { thresholds } = await chooseThresholds(one, options);
    for (const threshold of thresholds) {
      expect(threshold).not.toHaveProperty("interval");
      expect(threshold).not.toHaveProperty("fprInterval");
    }
  });
});

describe("operating points", () => {
  const chosen = (real: number) => chooseThresholds(overlapping(real, 200, 1), { chosenOn: "validation", samples: 1 });

  it("convenience is the fewest false alarms that the real videos can vouch for", async () => {
    expect(thresholdNamed(await chosen(1000), "convenience").name).toBe("fpr-0.1");
    expect(thresholdNamed(await chosen(100), "convenience").name).toBe("fpr-1");
    expect(thresholdNamed(await chosen(50), "convenience").name).toBe("fpr-0");
  });

  it("calls the more videos fake the more security is wanted", async () => {
    for (const real of [50, 100, 1000]) {
      const set = await chosen(real);
      const [convenience = 0, balanced = 0, security = 0] = (
        Object.keys(operatingPoints) as (keyof typeof operatingPoints)[]
      ).map((name) => thresholdNamed(set, name).value);
      expect(convenience).toBeGreaterThan(balanced);
      expect(balanced).toBeGreaterThan(security);
    }
  });

  it("balanced of a detector that was trained before there were rules is its one threshold", () => {
    const old = { name: "balanced", value: 0.5, fpr: 0, tpr: 1, videos: 8, realVideos: 4, chosenOn: "validation" };
    expect(thresholdNamed({ thresholds: [old as unknown as Threshold] }, "balanced")).toBe(old);
  });

  it("rules have their own names; others are refused, those left out with the reason", async () => {
    const set = await chosen(50);
    expect(thresholdNamed(set, "tpr-99")).toBe(set.thresholds.find(({ name }) => name === "tpr-99"));
    expect(() => thresholdNamed(set, "fpr-1")).toThrow(
      expect.objectContaining({ code: "ERR_UNREEL_TOO_FEW_REAL", message: expect.stringContaining("there are 50") }),
    );
    for (const name of ["strict", "toString"]) {
      expect(() => thresholdNamed(set, name)).toThrow(
        expect.objectContaining({
          code: "ERR_UNREEL_INVALID_ARGUMENT",
          message: expect.stringContaining("convenience"),
        }),
      );
    }
  });
});

describe("prevalence", () => {
  it("one fake in a hundred: 99 % found at 1 % false alarms is right every other time", () => {
    expect(precisionAt({ tpr: 0.99, fpr: 0.01 }, 0.01)).toBeCloseTo(0.5, 15);
    expect(precisionAt({ tpr: 0, fpr: 0 }, 0.01)).toBeNull();
  });

  it("precision at the videos' own share of fakes is their precision", async () => {
    const videos = overlapping(60, 40, 9);
    const { precision, fpr, tpr } = await deploymentPrecision(videos, 0.5, 0.4, { samples: 1, seed: 1 });
    expect(precision).toBeCloseTo(decisionMetrics(videos, 0.5).precision ?? Number.NaN, 14);
    expect({ fpr, tpr }).toEqual(ratesAt(videos, 0.5));
  });

  it("has the interval that resampling whole groups by hand gives", async () => {
    const videos = overlapping(60, 60, 10, 3).sort((a, b) => a.score - b.score);
    const { interval } = await deploymentPrecision(videos, 0.5, 0.02, { samples: 300, seed: 4 });
    const groups = [...new Set(videos.map(({ group }) => group))];
    const random = new Random(4);
    const values = Array.from({ length: 300 }, () => {
      const drawn = groups.map(() => groups[random.below(groups.length)]);
      const rows = drawn.flatMap((name) => videos.filter(({ group }) => group === name));
      return precisionAt(ratesAt(rows, 0.5), 0.02) ?? Number.NaN;
    }).sort((a, b) => a - b);
    expect(interval?.[0]).toBeCloseTo(quantile(values, 0.025), 14);
    expect(interval?.[1]).toBeCloseTo(quantile(values, 0.975), 14);
  });

  it("no false alarm among few reals is no perfect precision", async () => {
    const videos = overlapping(30, 30, 11).map((video) => ({ ...video, score: 50 * video.label }));
    const found = await deploymentPrecision(videos, 25, 0.01, { samples: 100, seed: 1 });
    expect(found).toMatchObject({ precision: 1, fpr: 0, tpr: 1 });
    expect(found.interval).toEqual([precisionAt({ tpr: 1, fpr: unseenRate(videos) }, 0.01), 1]);
    expect(found.interval?.[0]).toBeLessThan(0.1);
  });

  it("has no interval for one group, and no precision where nothing is called fake", async () => {
    const videos = overlapping(10, 10, 12).map((video) => ({ ...video, group: "one" }));
    expect(await deploymentPrecision(videos, 0, 0.5, { samples: 9, seed: 1 })).not.toHaveProperty("interval");
    const silent = await deploymentPrecision(overlapping(10, 10, 12), 99, 0.5, { samples: 9, seed: 1 });
    expect(silent).toEqual({ prevalence: 0.5, fpr: 0, tpr: 0, precision: null });
  });

  it("moves a probability by the ratio of odds, there and back", () => {
    const share = fc.double({ min: 0.001, max: 0.999, noNaN: true });
    expect(atPrevalence(0.5, 0.5, 0.01)).toBeCloseTo(0.01, 15);
    fc.assert(
      fc.property(share, share, (p, to) => {
        expect(atPrevalence(atPrevalence(p, 0.3, to), to, 0.3)).toBeCloseTo(p, 9);
      }),
    );
  });

  it("is a share between none and all", () => {
    for (const wrong of [0, 1, -0.1, 1.5, Number.NaN]) {
      expect(() => checkPrevalence(wrong, "prevalence")).toThrow(RangeError);
    }
    expect(checkPrevalence(0.01, "prevalence")).toBe(0.01);
  });
});

// Part of what detector.json promises: a threshold that was read is one that was written.
it("thresholds survive JSON", async () => {
  const { thresholds } = await chooseThresholds(overlapping(200, 100, 13), { chosenOn: "validation", samples: 50 });
  const read: Threshold[] = JSON.parse(JSON.stringify(thresholds));
  expect(read).toEqual(thresholds);
});
