// `unreel train svm`: the table of its grid, its JSON, and what it refuses.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { type SvmGrid, trainDetectorHead } from "../../src/index.js";
import { jsonLines, runCli } from "../support/cli.js";
import { makeFeatures } from "../support/feature-store.js";
import { temporaryFolder } from "../support/folders.js";

const folder = temporaryFolder("cli-train-svm");
const at = (...names: readonly string[]) => join(folder, ...names);
const detector = at("detector");

beforeAll(async () => {
  const store = await makeFeatures(at("features"), { groups: 40, dimension: 8, seed: 3 });
  await trainDetectorHead(store, detector, { dim: 4, epochs: 3, batch: 32 });
});

const trainSvm = (...more: readonly string[]) =>
  runCli(["train", "svm", at("features"), "--detector", detector, ...more]);

const described = () => JSON.parse(readFileSync(join(detector, "detector.json"), "utf8"));

describe("train svm", () => {
  it("says on stdout what was trained and chosen, in one line of JSON", async () => {
    const { status, stdout, stderr } = await trainSvm("--kernel", "polynomial", "--degree", "2", "--coef0", "-0.5");
    expect(status, stderr).toBe(0);
    const { svm, thresholds, thresholdsOmitted, calibration } = described();
    const { method, chosenOn, videos, realVideos, groups, reliability } = calibration;
    expect(svm).toMatchObject({ kernel: "polynomial", degree: 2, coef0: -0.5, gamma: 1, c: 1, chosenBy: "given" });
    expect(jsonLines(stdout)).toEqual([
      {
        ...{ detector, supportVectors: svm.supportVectors, thresholds, thresholdsOmitted },
        calibration: { method, chosenOn, videos, realVideos, groups, reliability },
      },
    ]);
    expect(stderr).toMatch(/^\d+ support vectors\. Threshold eer = -?[\d.]+, chosen on 30 videos \(validation\)\.$/m);
    expect(stderr).toMatch(/^Calibration: sigmoid; on groups that did not fit it, ECE 0\.\d+/m);
    expect(stderr).toMatch(/fpr-1 needs at least 100 real videos .* there are 10/);
  });

  it("prints the grid as a table and gives it as JSON", async () => {
    const { status, stdout, stderr } = await trainSvm("--grid", "--c", "0.1,1", "--gamma", "0.5,2", "--folds", "3");
    expect(status, stderr).toBe(0);
    const grid = jsonLines(stdout)[0]?.grid as SvmGrid;
    const rows = stderr.split("\n").filter((line) => /^ +[\d.]+ +[\d.]+ +0\.\d{4} +0\.\d{4} +0\.\d{4} to /.test(line));
    expect(rows).toHaveLength(4);
    for (const [i, { c, gamma, auc, standardError, interval }] of grid.points.entries()) {
      const [lower = 0, upper = 0] = interval ?? [];
      const cells = [String(c), String(gamma), auc.toFixed(4), standardError.toFixed(4), lower.toFixed(4), "to"];
      expect(rows[i]?.trim().split(/ +/).slice(0, 7)).toEqual([...cells, upper.toFixed(4)]);
      expect(rows[i]?.includes("best")).toBe(i === grid.best);
      expect(rows[i]?.includes("chosen")).toBe(i === grid.chosen);
    }
    expect(stderr).toMatch(/^cross-validation 12\/12 trainings/m);
    const { c, gamma } = grid.points[grid.chosen] ?? {};
    expect(described().svm).toMatchObject({ c, gamma, chosenBy: "one-standard-error", folds: 3, seed: 1 });
  });

  it("chooses on out-of-fold values of all groups where the SVM sees the embeddings", async () => {
    const { status, stderr } = await trainSvm("--features", "encoder", "--gamma", "scale", "--kernel", "rbf");
    expect(status, stderr).toBe(0);
    expect(stderr).toContain("chosen on 120 videos (out-of-fold)");
    expect(described()).toMatchObject({ features: "encoder", calibration: { videos: 120, groups: 40 } });
  });

  it("takes the solver's options", async () => {
    const { status, stderr } = await trainSvm("--no-exact", "--epsilon", "0.01", "--cache-mb", "8", "--threads", "1");
    expect(status, stderr).toBe(0);
    expect(described().svm).toMatchObject({ kernel: "rbf", chosenBy: "given" });
  });

  it.each<[string, readonly string[], RegExp]>([
    ["a list of C without a grid", ["--c", "1,2"], /options\.c: a list needs a grid/],
    ["a list of gammas without a grid", ["--gamma", "1,2"], /options\.gamma: a list needs a grid/],
    ["a C of 0", ["--grid", "--c", "1,0"], /must be a number above 0/],
    ["a gamma that is no number", ["--gamma", "auto"], /must be a number above 0/],
    ["one fold", ["--grid", "--folds", "1"], /whole number from 2 on/],
    ["a kernel that is none", ["--kernel", "precomputed"], /linear, polynomial, rbf, sigmoid/],
    ["an endless coef0", ["--coef0", "Infinity"], /must be a number/],
  ])("refuses %s with exit 2", async (_what, more, message) => {
    const { status, stderr } = await trainSvm(...more);
    expect(stderr).toMatch(message);
    expect(status).toBe(2);
  });

  it("refuses more folds than groups, and says what to do", async () => {
    const { status, stderr } = await trainSvm("--grid", "--folds", "31");
    expect(stderr).toMatch(/ERR_UNREEL_TOO_FEW_GROUPS: 30 groups cannot be parted into 31 folds; take fewer folds/);
    expect(status).toBe(1);
  });
});
