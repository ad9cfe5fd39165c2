// unreel's side of bench/svm, as its users call it.
//
// node unreel.mjs FOLDER: answers each line on stdin, {"work": "train" | "predict" | "calibrated", ...}, with the seconds.
import { createRequire } from "node:module";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { crossValidateSvm, trainSvm } from "../../dist/index.js";
import { root } from "../../scripts/lib/root.mjs";
import { answerRequests, readInputs } from "./worker.mjs";

// What calibrates a detector has no public name without a detector.
const { fitSigmoid } = createRequire(import.meta.url)(join(root, "build/release/unreel.node"));

const { folder, x, labels, queries, dims } = readInputs();
const options = { rows: labels.length, dims, kernel: "rbf", gamma: 1, c: 1, classWeights: { real: 1, fake: 1 } };
const groups = Array.from(labels, (_, row) => row);
let machine;

/** Five grouped folds on one kernel matrix, the sigmoid of their values, and the machine that is used. */
async function trainCalibrated() {
  const { points } = await crossValidateSvm(x, labels, { ...options, groups, folds: 5 });
  await fitSigmoid(points[0].values, labels);
  await trainSvm(x, labels, options);
}

await answerRequests(folder, {
  async train({ exact = true }) {
    const began = performance.now();
    machine = await trainSvm(x, labels, { ...options, exact });
    return { seconds: (performance.now() - began) / 1000, vectors: machine.supportVectorCount };
  },
  async predict({ count, exact = true, threads }) {
    const asked = queries.subarray(0, count * dims);
    const began = performance.now();
    const values = await machine.decisionValues(asked, { rows: count, exact, ...(threads && { threads }) });
    return { seconds: (performance.now() - began) / 1000, values };
  },
  async calibrated() {
    const began = performance.now();
    await trainCalibrated();
    return { seconds: (performance.now() - began) / 1000 };
  },
});
