// How far probabilities can be believed where the truth is known: unreel's calibration beside libsvm's `-b 1`, on
// simulated videos whose frames go together. A table on stdout; progress on stderr.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { calibrationTrial, figures, makers } from "./lib/calibration-trial.mjs";
import { fail, say } from "./lib/run.mjs";
import { setup } from "./setup.mjs";

const usage = "npm run compare:calibration -- [--seeds 20] [--videos 200] [--tests 4000] [--json]";
const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "20" },
    videos: { type: "string", default: "200" },
    tests: { type: "string", default: "4000" },
    json: { type: "boolean", default: false },
  },
});
const [seeds, videos, tests] = [values.seeds, values.videos, values.tests].map(Number);
if (!Number.isInteger(seeds) || seeds < 2) fail(usage, 2);
if (![videos, tests].every((count) => Number.isInteger(count) && count >= 50)) fail(usage, 2);
if (videos >= 1000) fail("--videos must be below 1,000: the calibration compared is the sigmoid", 2);
await setup();
const unreel = await import("../dist/index.js");

const names = {
  eceTruth: "ECE, true probabilities",
  rmsTruth: "rms from true probability",
  ece: "ECE, labels",
  brier: "Brier score",
  logLoss: "log loss",
};

/** Two-sided 95 % quantile of Student's t, by Cornish and Fisher's expansion: within 0.005 from 10 degrees on. */
function studentQuantile(freedom) {
  const z = 1.959963984540054;
  return z + (z ** 3 + z) / (4 * freedom) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2);
}

function summaryOf(differences) {
  const n = differences.length;
  const mean = differences.reduce((sum, each) => sum + each, 0) / n;
  const deviation = Math.sqrt(differences.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (n - 1));
  const half = (studentQuantile(n - 1) * deviation) / Math.sqrt(n);
  return { mean, lower: mean - half, upper: mean + half };
}

const folder = mkdtempSync(join(tmpdir(), "unreel-calibration-"));
const trials = [];
try {
  for (let seed = 1; seed <= seeds; seed++) {
    const trial = await calibrationTrial(unreel, join(folder, String(seed)), seed, { videos, tests });
    trials.push(trial);
    say(`seed ${seed}: ${makers.map((maker) => `${maker} ECE ${trial[maker].eceTruth.toFixed(4)}`).join("; ")}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

const results = figures.map((figure) => {
  const mean = (maker) => trials.reduce((sum, trial) => sum + trial[maker][figure], 0) / seeds;
  const means = Object.fromEntries([...makers, "truth"].map((maker) => [maker, mean(maker)]));
  // Whichever way of bringing frames together is kindest to libsvm, seed by seed.
  const kindest = (trial) => Math.min(trial["libsvm, mean"][figure], trial["libsvm, median"][figure]);
  const better = summaryOf(trials.map((trial) => kindest(trial) - trial.unreel[figure]));
  const wins = trials.filter((trial) => trial.unreel[figure] < kindest(trial)).length;
  return { figure, means, better, wins };
});

if (values.json) {
  process.stdout.write(`${JSON.stringify({ seeds, videos, tests, results })}\n`);
} else {
  const shown = (value) => value.toFixed(4);
  const rows = results.map(({ figure, means, better: { mean, lower, upper }, wins }) => [
    names[figure],
    ...[...makers, "truth"].map((maker) => shown(means[maker])),
    `${shown(mean)} (${shown(lower)} to ${shown(upper)})`,
    `${wins}/${seeds}`,
  ]);
  const head = ["mean over seeds", ...makers, "the truth", "unreel is better by (95 %)", "seeds"];
  const line = (cells) => `| ${cells.join(" | ")} |`;
  process.stdout.write(`${[line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n")}\n`);
}
// Show 3 of the SVM: ours is nearer to the truth, and not by chance.
if (!(results[0].better.lower > 0)) fail("unreel's calibration is not nearer to the true probabilities", 1);
