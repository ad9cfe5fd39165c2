// Simulated videos whose probabilities are known: `npm run compare:calibration` in small.
import { join } from "node:path";
import { expect, it } from "vitest";
import { calibrationTrial, simulate } from "../../scripts/lib/calibration-trial.mjs";
import * as unreel from "../../src/index.js";
import { temporaryFolder } from "../support/folders.js";

const folder = temporaryFolder("known-probabilities");

it("the simulation's probabilities are those of its labels", () => {
  const videos = simulate(20_000, 1);
  for (const [from, to] of [
    [0, 0.2],
    [0.4, 0.6],
    [0.8, 1],
  ] as const) {
    const those = videos.filter(({ truth }) => truth >= from && truth < to);
    const share = those.reduce((sum, { label }) => sum + label, 0) / those.length;
    const mean = those.reduce((sum, { truth }) => sum + truth, 0) / those.length;
    // Five standard errors.
    expect(Math.abs(share - mean)).toBeLessThan(5 * Math.sqrt((mean * (1 - mean)) / those.length));
  }
});

it.each([1, 2, 3, 4])("seed %i: nearer to the true probabilities than libsvm's of frames, by far", async (seed) => {
  const sizes = { videos: 120, tests: 1000 };
  const trial = await calibrationTrial(unreel, join(folder, String(seed)), seed, sizes);
  for (const libsvm of [trial["libsvm, mean"], trial["libsvm, median"]]) {
    expect(trial.unreel.eceTruth).toBeLessThan(0.75 * libsvm.eceTruth);
    expect(trial.unreel.rmsTruth).toBeLessThan(libsvm.rmsTruth);
    expect(trial.unreel.brier).toBeLessThan(libsvm.brier);
    expect(trial.unreel.logLoss).toBeLessThan(libsvm.logLoss);
  }
});
