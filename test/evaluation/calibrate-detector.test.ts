// A detector calibrated anew on videos of the user's own: what changes, what stays, and what is refused.
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { fitDecisions } from "../../src/calibration/decisions.js";
import {
  calibrateDetector,
  evaluateDetector,
  openStore,
  Svm,
  trainDetectorHead,
  trainDetectorSvm,
} from "../../src/index.js";
import { svmInput } from "../../src/training/score.js";
import { fitStandard, readStandard } from "../../src/training/standard.js";
import { videoScores } from "../../src/training/video-scores.js";
import { jsonLines, runCli } from "../support/cli.js";
import { makeFeatures } from "../support/feature-store.js";
import { temporaryFolder } from "../support/folders.js";

const folder = temporaryFolder("calibrate");
const at = (...names: readonly string[]) => join(folder, ...names);
const dimension = 8;
const describedIn = (dir: string) => JSON.parse(readFileSync(join(dir, "detector.json"), "utf8"));

function detectorIn(name: string): string {
  cpSync(at("detector"), at(name), { recursive: true });
  return at(name);
}

beforeAll(async () => {
  const store = await makeFeatures(at("features"), { groups: 30, dimension, seed: 3 });
  await trainDetectorHead(store, at("detector"), { dim: 4, epochs: 2, batch: 32 });
  await trainDetectorSvm(store, at("detector"), { features: "encoder", standardize: true });
  // Videos of another kind: fakes are harder to tell.
  await makeFeatures(at("mine"), { groups: 50, dimension, seed: 8, shift: 0.6, split: "test", prefix: "m" });
  await makeFeatures(at("later"), { groups: 20, dimension, seed: 9, shift: 0.6, split: "test", prefix: "l" });
});

describe("calibrateDetector", () => {
  it("fits thresholds and calibration to the detector's scores of the videos", async () => {
    const dir = detectorIn("fitted");
    const store = await openStore(at("mine"));
    const decisions = await calibrateDetector(store, dir, { seed: 4 });
    const table = await store.read();
    const standard = await readStandard(dir, dimension);
    expect(standard).not.toEqual(fitStandard(table.x, dimension));
    const x = await svmInput(table.x, table.rows, { blocks: [dimension], head: undefined, standard });
    const svm = await Svm.load(join(dir, "svm.model"));
    const videos = videoScores(table.videos, await svm.decisionValues(x, { rows: table.rows }));
    expect(decisions).toEqual(await fitDecisions(videos, { chosenOn: "calibration", seed: 4 }));
    expect(decisions.calibration).toMatchObject({
      method: "sigmoid",
      chosenOn: "calibration",
      videos: 150,
      groups: 50,
    });
  });

  it("rewrites detector.json alone, keeping all else in it", async () => {
    const dir = detectorIn("kept");
    const before = describedIn(dir);
    const { thresholds, thresholdsOmitted, calibration } = await calibrateDetector(await openStore(at("mine")), dir);
    const { calibratedOn, ...after } = describedIn(dir);
    expect(after).toEqual({ ...before, thresholds, thresholdsOmitted, calibration });
    expect(calibratedOn.videos).toHaveLength(150);
    expect(calibration).not.toEqual(before.calibration);
  });

  it("takes the method that is asked for", async () => {
    const { calibration } = await calibrateDetector(await openStore(at("mine")), detectorIn("isotonic"), {
      method: "isotonic",
    });
    expect(calibration.method).toBe("isotonic");
  });

  it("can be done again on the same videos; training the SVM anew forgets it", async () => {
    const dir = detectorIn("again");
    const mine = await openStore(at("mine"));
    const first = await calibrateDetector(mine, dir);
    expect(await calibrateDetector(mine, dir)).toEqual(first);
    await trainDetectorSvm(await openStore(at("features")), dir, { features: "encoder" });
    expect(describedIn(dir)).not.toHaveProperty("calibratedOn");
    expect(describedIn(dir).calibration.chosenOn).toBe("out-of-fold");
  });

  it("an evaluation says who chose the threshold, and refuses the videos that did", async () => {
    const dir = detectorIn("evaluated");
    const bootstrap = { samples: 10, seed: 1 };
    const later = await openStore(at("later"));
    const chosen = async () => (await evaluateDetector(later, dir, { bootstrap })).provenance.protocol;
    expect(await chosen()).toContain(
      "its threshold was chosen on the training groups, each scored by an SVM that had not",
    );
    await calibrateDetector(await openStore(at("mine")), dir);
    expect(await chosen()).toContain("its threshold was chosen on videos that unreel calibrate was given");
    await expect(evaluateDetector(await openStore(at("mine")), dir, { bootstrap })).rejects.toMatchObject({
      code: "ERR_UNREEL_SPLIT_LEAK",
    });
  });

  it("with too few videos of a class chooses thresholds, and says why there is no probability", async () => {
    const few = await makeFeatures(at("few"), { groups: 4, dimension, seed: 5, prefix: "f" });
    const { thresholds, calibration } = await calibrateDetector(few, detectorIn("with few"));
    expect(thresholds[0]).toMatchObject({ videos: 12, realVideos: 4, chosenOn: "calibration" });
    expect(calibration).toEqual({ method: "none", reason: expect.stringContaining("4 real and 8 fake") });
  });

  it("is refused when it is aborted, and leaves the detector as it was", async () => {
    const dir = detectorIn("aborted");
    const before = readFileSync(join(dir, "detector.json"));
    const signal = AbortSignal.abort();
    await expect(calibrateDetector(await openStore(at("mine")), dir, { signal })).rejects.toMatchObject({
      code: "ERR_UNREEL_ABORTED",
    });
    expect(readFileSync(join(dir, "detector.json"))).toEqual(before);
  });
});

describe("unreel calibrate", () => {
  const calibrate = (store: string, dir: string, ...more: readonly string[]) =>
    runCli(["calibrate", at(store), "--detector", dir, ...more]);

  it("says what was chosen, for people and as JSON", async () => {
    const dir = detectorIn("told");
    const { status, stdout, stderr } = await calibrate("mine", dir, "--split", "test", "--method", "sigmoid");
    expect(status, stderr).toBe(0);
    const { thresholds, thresholdsOmitted, calibration } = describedIn(dir);
    expect(jsonLines(stdout)).toMatchObject([{ detector: dir, thresholds, thresholdsOmitted }]);
    const { reliability } = calibration;
    expect(jsonLines(stdout)[0]).toMatchObject({ calibration: { method: "sigmoid", videos: 150, reliability } });
    expect(stderr).toMatch(/^Threshold eer = -?[\d.]+, chosen on 150 videos \(calibration\)\.\nCalibration: sigmoid;/);
  });

  it("refuses videos that trained the detector, whatever is allowed, and groups unless they are", async () => {
    const dir = detectorIn("leaking");
    const seen = await calibrate("features", dir, "--allow-shared", "source,group,identity");
    expect(seen.status).toBe(1);
    expect(seen.stderr).toMatch(
      /ERR_UNREEL_SPLIT_LEAK.*the detector's training set and the videos to calibrate on share 90 videos/,
    );
    await makeFeatures(at("same groups"), { groups: 10, dimension, seed: 11 });
    const shared = await calibrate("same groups", dir);
    expect(shared.stderr).toMatch(/ERR_UNREEL_SPLIT_LEAK/);
    expect(describedIn(dir)).toEqual(describedIn(at("detector")));
  });

  it("takes videos of the training's groups where that is allowed by name", async () => {
    const store = await makeFeatures(at("group"), { groups: 10, dimension, seed: 12, prefix: "x" });
    const dir = detectorIn("allowed");
    const path = join(dir, "detector.json");
    const description = describedIn(dir);
    description.training.videos[0].group = "xg0";
    writeFileSync(path, JSON.stringify(description));
    await expect(calibrateDetector(store, dir)).rejects.toMatchObject({ code: "ERR_UNREEL_SPLIT_LEAK" });
    const { status, stderr } = await calibrate("group", dir, "--allow-shared", "group");
    expect(status, stderr).toBe(0);
  });

  it("refuses what cannot be calibrated, by code", async () => {
    const dir = detectorIn("refusing");
    const code = async (store: string, ...more: readonly string[]) => {
      const { status, stderr } = await calibrate(store, dir, ...more);
      return [status, /ERR_UNREEL_\w+/.exec(stderr)?.[0] ?? stderr];
    };
    await makeFeatures(at("wide"), { groups: 2, dimension: 9, seed: 1, prefix: "w" });
    expect(await code("wide")).toEqual([1, "ERR_UNREEL_FINGERPRINT_MISMATCH"]);
    expect(await code("mine", "--split", "val")).toEqual([1, "ERR_UNREEL_SPLIT_EMPTY"]);
    expect(await code("nowhere")).toEqual([1, "ERR_UNREEL_STORE_NOT_FOUND"]);
    expect(await code("mine", "--allow-shared", "video")).toEqual([2, "ERR_UNREEL_INVALID_ARGUMENT"]);
    expect(await code("mine", "--method", "beta")).toEqual([2, expect.stringContaining("auto, sigmoid, isotonic")]);
    const real = await openStore(at("mine"));
    const writer = await (await makeFeatures(at("real"), { groups: 0, dimension, seed: 1 })).writer();
    const table = await real.read();
    for (const video of table.videos.filter(({ label }) => label === 0)) {
      const frames = [0, 1, 2, 3].map((frame) => ({ frame, ptsUs: frame }));
      const embeddings = table.x.slice(video.firstRow * dimension, (video.firstRow + 4) * dimension);
      await writer.add({ ...video, frames, embeddings });
    }
    await writer.close();
    expect(await code("real")).toEqual([1, "ERR_UNREEL_ONE_CLASS"]);
    expect(describedIn(dir)).toEqual(describedIn(at("detector")));
  });

  it("refuses a detector without an SVM, and one that is damaged", async () => {
    const dir = at("head only");
    await trainDetectorHead(await openStore(at("features")), dir, { dim: 4, epochs: 1, batch: 32 });
    expect((await calibrate("mine", dir)).stderr).toMatch(/ERR_UNREEL_DETECTOR_INVALID.*run unreel train svm/);
    const damaged = detectorIn("damaged");
    writeFileSync(join(damaged, "standard.safetensors"), "");
    expect((await calibrate("mine", damaged)).stderr).toMatch(/ERR_UNREEL_DETECTOR_INVALID.*standard\.safetensors/);
    expect((await calibrate("mine", at("no folder"))).stderr).toContain("ERR_UNREEL_NOT_FOUND");
  });

  it("refuses videos that are all too short for a verdict", async () => {
    const dir = detectorIn("long");
    const path = join(dir, "detector.json");
    writeFileSync(path, JSON.stringify({ ...describedIn(dir), minFrames: 5 }));
    const { status, stderr } = await calibrate("mine", dir);
    expect(stderr).toMatch(/ERR_UNREEL_SPLIT_EMPTY.*with the 5 frames of a verdict/);
    expect(status).toBe(1);
  });
});
