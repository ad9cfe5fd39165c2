// A scan with a calibrated detector whose SVM sees standardised embeddings: probability, interval, prevalence.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { makeModel, openStore, Svm } from "../../src/index.js";
import { scoreRows } from "../../src/training/score.js";
import { readStandard } from "../../src/training/standard.js";
import { videoScores } from "../../src/training/video-scores.js";
import { jsonLines, runCli } from "../support/cli.js";
import { writeClip } from "../support/fixtures.js";
import { temporaryFolder, writeTree } from "../support/folders.js";

const folder = temporaryFolder("scan-probability");
const at = (...names: readonly string[]) => join(folder, ...names);
const clips = Array.from({ length: 20 }, (_, i) => at(`${i}.mp4`));

async function run(...args: string[]) {
  const result = await runCli(args);
  expect(result.status, result.stderr).toBe(0);
  return result;
}

beforeAll(async () => {
  await makeModel("tiny", at("tiny.onnx"));
  // Labels that colours tell most of the time.
  for (const [i, clip] of clips.entries()) await writeClip(clip, 8, { hue: 15 * i + (i % 2) * 40 });
  const lines = clips.map((clip, i) => `${clip},${i % 2 === 0 ? "real" : "fake"},g${i >> 1}`);
  writeTree(folder, { "m.csv": `path,label,group\n${lines.join("\n")}\n` });
  const store = ["--manifest", at("m.csv"), "--encoder", at("tiny.onnx"), "--out", at("features"), "--count", "4"];
  await run("extract", ...store, "--dtype", "f32");
  await run("train", "head", at("features"), "--out", at("detector"), "--dim", "4", "--epochs", "1");
  const seen = ["--features", "encoder", "--standardize"];
  await run("train", "svm", at("features"), "--detector", at("detector"), ...seen);
});

const scan = (...options: readonly string[]) =>
  runCli(["scan", clips[3] ?? "", "--detector", at("detector"), "--jsonl", ...options]);

test("a verdict has the probability that detector.json gives its score, and --prevalence moves its odds", async () => {
  const { calibration } = JSON.parse(readFileSync(at("detector", "detector.json"), "utf8"));
  expect(calibration).toMatchObject({ method: "sigmoid", chosenOn: "out-of-fold", videos: 20, realVideos: 10 });
  const [line] = jsonLines((await scan()).stdout);
  const { score, probability, interval } = line as { score: number; probability: number; interval: number[] };
  expect(probability).toBeCloseTo(1 / (1 + Math.exp(calibration.a * score + calibration.b)), 12);
  expect(interval[0]).toBeLessThanOrEqual(probability);
  expect(interval[1]).toBeGreaterThanOrEqual(probability);
  const [rare] = jsonLines((await scan("--prevalence", "0.01")).stdout);
  const shifted = (p: number) => p / 99 / (p / 99 + 1 - p);
  expect(rare).toMatchObject({ score, probability: expect.closeTo(shifted(probability), 12) });
  expect(rare?.interval).toEqual(interval.map((p) => expect.closeTo(shifted(p), 12)));
});

test("the score is that of the stored features, standardised as the SVM's training rows were", async () => {
  const [line] = jsonLines((await scan()).stdout);
  const table = await (await openStore(at("features"))).read();
  const standard = await readStandard(at("detector"), table.dimension);
  const view = { blocks: [table.dimension], head: undefined, standard };
  const svm = await Svm.load(at("detector", "svm.model"));
  const videos = videoScores(table.videos, await scoreRows(table.x, table.rows, view, svm));
  const score = videos[table.videos.findIndex(({ id }) => id.endsWith("3.mp4") && !id.endsWith("13.mp4"))]?.score;
  expect(line?.score).toBeCloseTo(score ?? Number.NaN, 5);
});
