import { describe, expect, it } from "vitest";
import { groupedFolds } from "../../src/training/folds.js";

/** 30 videos of 1 to 7 frames, a third of them fake. */
const videos = Array.from({ length: 30 }, (_, i) => ({
  name: `v${i}`,
  frames: 1 + (i % 7),
  label: i % 3 === 0 ? 1 : 0,
}));
const groups = videos.flatMap(({ name, frames }) => Array<string>(frames).fill(name));
const labels = Int32Array.from(videos.flatMap(({ frames, label }) => Array<number>(frames).fill(label)));

describe("groupedFolds", () => {
  const folds = groupedFolds(labels, groups, 5, 1);

  it("keeps a group in one fold", () => {
    const seen = new Map<string, number>();
    for (const [row, group] of groups.entries()) {
      expect(seen.get(group) ?? folds[row]).toBe(folds[row]);
      seen.set(group, folds[row] ?? -1);
    }
  });

  it("gives each fold about the same share of either class", () => {
    for (const label of [0, 1]) {
      const all = labels.filter((each) => each === label).length;
      for (let fold = 0; fold < 5; fold += 1) {
        const own = labels.filter((each, row) => each === label && folds[row] === fold).length;
        expect(own / all).toBeGreaterThan(0.12);
        expect(own / all).toBeLessThan(0.28);
      }
    }
  });

  it("is the same for a seed and another one for another", () => {
    expect(groupedFolds(labels, groups, 5, 1)).toEqual(folds);
    expect(groupedFolds(labels, groups, 5, 2)).not.toEqual(folds);
  });

  it("refuses fewer groups than folds", () => {
    expect(() => groupedFolds(labels, groups, 31, 1)).toThrow(
      expect.objectContaining({ code: "ERR_UNREEL_TOO_FEW_GROUPS", details: { groups: 30, folds: 31 } }),
    );
  });
});
