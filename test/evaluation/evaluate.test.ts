import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type EvaluateOptions, evaluate } from "../../src/evaluation/evaluate.js";
import type { Label, Prediction } from "../../src/evaluation/prediction.js";

const quick = { bootstrap: { samples: 50 } } as const;
const threshold = { name: "eer", value: 0, chosenOn: "val" } as const;

/** Frames 0, 1, ... of a video; undefined = abstention. */
function frames(video: string, label: Label, scores: readonly (number | undefined)[], more: Partial<Prediction> = {}) {
  return scores.map(
    (score, frame): Prediction => ({ video, label, frame, ...(score === undefined ? {} : { score }), ...more }),
  );
}

const four: readonly Prediction[] = [
  { video: "r1", label: 0, score: -2 },
  { video: "r2", label: 0, score: 1 },
  { video: "f1", label: 1, score: -1 },
  { video: "f2", label: 1, score: 3 },
];

describe("evaluate: frames and videos", () => {
  it("scores a video by the mean, or the median, of its scored frames", async () => {
    const rows = [...frames("a", 1, [0, 1, undefined, 8]), ...frames("b", 0, [-1])];
    const mean = await evaluate(rows, quick);
    expect(mean.videos).toEqual([
      { video: "a", label: 1, score: 3, frames: 4, framesScored: 3 },
      { video: "b", label: 0, score: -1, frames: 1, framesScored: 1 },
    ]);
    expect((await evaluate(rows, { ...quick, aggregate: "median" })).videos[0]?.score).toBe(1);
    expect(mean.frame).toMatchObject({ n: 4, real: 1, fake: 3 });
  });

  it("has no frame metrics where only videos are scored", async () => {
    const report = await evaluate(four, quick);
    expect(report.frame).toBeNull();
    expect(report.coverage.frame).toBeNull();
    expect(report.video).toMatchObject({ n: 4, auc: 0.75 });
  });

  it("does not merge videos of one name from different datasets and methods", async () => {
    const rows = [
      ...frames("000_003", 1, [1], { dataset: "ff", method: "DF" }),
      ...frames("000_003", 1, [5], { dataset: "ff", method: "F2F" }),
      ...frames("000_003", 0, [-5], { dataset: "cdf" }),
    ];
    const report = await evaluate(rows, quick);
    expect(report.videos.map(({ dataset, method, score }) => [dataset, method, score])).toEqual([
      ["cdf", undefined, -5],
      ["ff", "DF", 1],
      ["ff", "F2F", 5],
    ]);
  });

  it("does not depend on the order of predictions", async () => {
    const rows = ["a", "b", "c", "d"].flatMap((video, i) =>
      frames(video, (i % 2) as Label, [0.1 * i, 0.7, 1e16 * i, -1e16, undefined], { group: `g${i >> 1}` }),
    );
    const expected = await evaluate(rows, quick);
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(rows, { minLength: rows.length }), async (shuffled) => {
        expect(await evaluate(shuffled, quick)).toEqual(expected);
      }),
      { numRuns: 30 },
    );
  });

  it("takes async iterables", async () => {
    async function* stream() {
      yield* four;
    }
    expect(await evaluate(stream(), quick)).toEqual(await evaluate(four, quick));
  });
});

describe("evaluate: abstentions", () => {
  const rows: readonly Prediction[] = [
    ...four,
    { video: "r3", label: 0, reason: "no_frames" },
    { video: "f3", label: 1, reason: "no_face" },
    { video: "f4", label: 1 },
    ...frames("f5", 1, [undefined, undefined], { reason: "no_face" }),
  ];

  it("are counted by reason and class, and change no metric of the others", async () => {
    const report = await evaluate(rows, { ...quick, threshold });
    expect(report.coverage.video).toEqual({
      n: 8,
      scored: 4,
      abstained: 4,
      coverage: 0.5,
      abstainedReal: 1,
      abstainedFake: 3,
      reasons: { no_face: 2, no_frames: 1, "not given": 1 },
    });
    expect(report.coverage.frame).toMatchObject({ n: 2, scored: 0, abstained: 2, reasons: { no_face: 2 } });
    expect(report.video).toEqual((await evaluate(four, { ...quick, threshold })).video);
    expect(report.videos.find(({ video }) => video === "f5")).not.toHaveProperty("score");
  });

  it("are errors in videoFailuresAsErrors", async () => {
    const { videoFailuresAsErrors: worst } = await evaluate(rows, { ...quick, threshold });
    expect(worst).toMatchObject({ n: 8, real: 3, fake: 5, accuracy: 2 / 8, confusion: { tp: 1, fp: 2, tn: 1, fn: 4 } });
    // Pairs in the right order: f1 > r1, f2 > r1, f2 > r2, of 3 x 5.
    expect(worst.auc).toBe(3 / 15);
    expect(JSON.parse(JSON.stringify(worst))).toEqual(worst);
  });

  it("a row of the whole video without score outweighs its frames", async () => {
    const report = await evaluate(
      [...four, ...frames("x", 1, [9, 9]), { video: "x", label: 1, reason: "too_few_frames" }],
      quick,
    );
    expect(report.coverage.video.reasons).toEqual({ too_few_frames: 1 });
    expect(report.frame?.n).toBe(2);
  });
});

describe("evaluate: thresholds", () => {
  it("gives decision metrics only with one that was chosen elsewhere", async () => {
    const without = await evaluate(four, quick);
    expect(without.video).not.toHaveProperty("accuracy");
    expect(without.threshold).toBeNull();
    expect(without.remarks.join()).toContain("No decision threshold was given");
    const given = await evaluate(four, { ...quick, threshold });
    expect(given.video).toMatchObject({ accuracy: 0.5, confusion: { tp: 1, fp: 1, tn: 1, fn: 1 } });
    expect(given.threshold).toEqual(threshold);
  });

  it("refuses one that was chosen on the split it is used on", async () => {
    const rows = four.map((row) => ({ ...row, split: "test" }));
    const options = { ...quick, threshold: { ...threshold, chosenOn: "test" } };
    await expect(evaluate(rows, options)).rejects.toMatchObject({ code: "ERR_UNREEL_SPLIT_LEAK" });
    await expect(evaluate(rows, { ...options, split: "test" })).rejects.toMatchObject({
      code: "ERR_UNREEL_SPLIT_LEAK",
    });
  });
});

describe("evaluate: splits and groups", () => {
  const train = four.map((row) => ({ ...row, video: `t-${row.video}`, split: "train" }));
  const test = four.map((row) => ({ ...row, split: "test" }));

  it("evaluates the split asked for alone", async () => {
    const report = await evaluate([...train, ...test], { ...quick, split: "test" });
    expect(report.split).toBe("test");
    expect(report.videos.map(({ video }) => video)).toEqual(["f1", "f2", "r1", "r2"]);
  });

  it("wants to be told which, where there are several", async () => {
    await expect(evaluate([...train, ...test], quick)).rejects.toMatchObject({ code: "ERR_UNREEL_INVALID_ARGUMENT" });
  });

  it("refuses a split without rows, and no rows at all", async () => {
    const code = "ERR_UNREEL_SPLIT_EMPTY";
    await expect(evaluate(test, { ...quick, split: "val" })).rejects.toMatchObject({ code });
    await expect(evaluate(four, { ...quick, split: "test" })).rejects.toMatchObject({ code });
    await expect(evaluate([], quick)).rejects.toMatchObject({ code });
  });

  it("says how many videos of no split were left out", async () => {
    const report = await evaluate([...test, { video: "x", label: 1, score: 1 }], { ...quick, split: "test" });
    expect(report.video.n).toBe(4);
    expect(report.remarks).toContain("1 video of no split were left out.");
  });

  it.each(["group", "source"] as const)(
    "refuses a %s on both sides, unless told to allow and count it",
    async (key) => {
      const mark = (rows: typeof test) => rows.map((row, i) => ({ ...row, dataset: "d", [key]: `k${i}` }));
      const rows = [...mark(train), ...mark(test)];
      await expect(evaluate(rows, { ...quick, split: "test" })).rejects.toMatchObject({
        code: "ERR_UNREEL_SPLIT_LEAK",
        details: { count: 4 },
      });
      const report = await evaluate(rows, { ...quick, split: "test", allowShared: [key] });
      expect(report.shared).toEqual({ group: 0, source: 0, [key]: 4 });
      expect(report.remarks).toContain(`4 ${key}s of this split also stand in another split.`);
    },
  );

  it("knows that a group of another dataset is another group", async () => {
    const rows = [
      ...train.map((row) => ({ ...row, dataset: "a", group: "id0" })),
      ...test.map((row) => ({ ...row, dataset: "b", group: "id0" })),
    ];
    expect((await evaluate(rows, { ...quick, split: "test" })).groups).toEqual({ known: 1, videosWithout: 0 });
  });

  it("resamples groups where they are known, else videos", async () => {
    expect((await evaluate(four, quick)).interval).toMatchObject({ groups: 4, samples: 50, seed: 1 });
    const grouped = four.map((row, i) => ({ ...row, group: `g${i % 2}` }));
    expect((await evaluate(grouped, quick)).interval?.groups).toBe(2);
    const one = four.map((row) => ({ ...row, group: "g" }));
    expect((await evaluate(one, quick)).interval).toBeNull();
  });

  it("draws 2000 resamples with seed 1 unless told otherwise", async () => {
    expect((await evaluate(four)).interval).toMatchObject({ samples: 2000, seed: 1 });
  });
});

describe("evaluate: methods", () => {
  it("sets the fakes of each method against the reals of their dataset", async () => {
    const rows: readonly Prediction[] = [
      { video: "r1", label: 0, score: 0, dataset: "ff" },
      { video: "r2", label: 0, score: 2, dataset: "ff" },
      { video: "r3", label: 0, score: 9, dataset: "cdf" },
      { video: "a", label: 1, score: 1, dataset: "ff", method: "DF" },
      { video: "a", label: 1, score: 3, dataset: "ff", method: "F2F" },
      { video: "b", label: 1, dataset: "ff", method: "F2F" },
      { video: "c", label: 1, score: 8, dataset: "cdf" },
    ];
    const { byMethod } = await evaluate(rows, quick);
    expect(
      byMethod.map(({ dataset, method, abstained, metrics }) => [dataset, method, abstained, metrics.auc]),
    ).toEqual([
      ["cdf", null, 0, 0],
      ["ff", "DF", 0, 0.5],
      ["ff", "F2F", 1, 1],
    ]);
  });

  it("are left out where none is known", async () => {
    expect((await evaluate(four, quick)).byMethod).toEqual([]);
  });
});

describe("evaluate: what it refuses", () => {
  it.each([
    ["fakes alone", four.filter((row) => row.label === 1)],
    ["reals alone", four.filter((row) => row.label === 0)],
    ["scores of one class alone", [four[0] as Prediction, { video: "f", label: 1, reason: "no_face" } as const]],
  ])("%s", async (_what, rows) => {
    await expect(evaluate(rows, quick)).rejects.toMatchObject({ code: "ERR_UNREEL_ONE_CLASS" });
  });

  it.each([
    ["a video without name", { video: "", label: 1 }],
    ["a label of text", { video: "a", label: "fake" }],
    ["NaN", { video: "a", label: 1, score: Number.NaN }],
    ["a score of null", { video: "a", label: 1, score: null }],
    ["a frame of -1", { video: "a", label: 1, frame: -1 }],
    ["a group of 3", { video: "a", label: 1, group: 3 }],
    ["null", null],
  ])("%s in a prediction, naming which", async (_what, row) => {
    const rows = [...four, row] as unknown as Prediction[];
    await expect(evaluate(rows, quick)).rejects.toMatchObject({
      code: "ERR_UNREEL_INVALID_ARGUMENT",
      message: expect.stringContaining("predictions[4]"),
    });
  });

  it("rows that contradict each other", async () => {
    const code = "ERR_UNREEL_MANIFEST_INVALID";
    const twice = evaluate([...four, ...four.slice(0, 1)], quick);
    await expect(twice).rejects.toMatchObject({ code, details: { index: 4 } });
    await expect(evaluate([...frames("a", 1, [1]), ...frames("a", 0, [0, 1])], quick)).rejects.toMatchObject({ code });
  });

  it.each([
    ["a NaN threshold", { threshold: { name: "x", value: Number.NaN, chosenOn: "val" } }],
    ["a threshold chosen nowhere", { threshold: { name: "x", value: 1, chosenOn: "" } }],
    ["an unknown aggregate", { aggregate: "max" }],
    ["no resamples", { bootstrap: { samples: 0 } }],
    ["a fraction for a seed", { bootstrap: { seed: 0.5 } }],
    ["notes that are no text", { notes: [3] }],
    ["a history of another schema", { training: { schema: 2, epochs: [], bestEpoch: 1 } }],
    ["a history of text", { training: "history.json" }],
    ["a history without its best epoch", { training: { schema: 1, end: "finished", epochs: [], bestEpoch: 1 } }],
    ["an unknown thing to share", { allowShared: ["video"] }],
  ])("%s in the options, at once", (_what, options) => {
    expect(() => evaluate(four, options as unknown as EvaluateOptions)).toThrow(
      expect.objectContaining({ code: "ERR_UNREEL_INVALID_ARGUMENT" }),
    );
  });
});

describe("a prevalence", () => {
  const rows = [
    { video: "a", label: 0, score: 0 },
    { video: "b", label: 1, score: 1 },
  ] as const;

  it("needs a threshold, and lies between none and all", () => {
    expect(() => evaluate(rows, { prevalence: 0.1 })).toThrow(/needs options.threshold/);
    const threshold = { name: "theirs", value: 0.5, chosenOn: "validation" };
    expect(() => evaluate(rows, { threshold, prevalence: 1 })).toThrow(RangeError);
  });
});
