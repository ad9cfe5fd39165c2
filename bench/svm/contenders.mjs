// Who trains and scores, and the check before any clock starts: libsvm's decision values and ours are the same bytes, the
// others' are near.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { root } from "../../scripts/lib/root.mjs";
import { say } from "../../scripts/lib/run.mjs";
import { Worker } from "../lib/worker.mjs";
import { dims } from "./inputs.mjs";

export const threads = availableParallelism();

/** How far a decision value of another solver, or of float products, may be from libsvm's; a margin is 1. */
const allowed = 1e-2;
/** The share of labels that libsvm 3.22 may give otherwise. */
const allowedLabels = 1e-3;

const here = (name) => join(root, "bench/svm", name);
const python = (program, kind, folder, dtype) => [
  program,
  [
    here("peers.py"),
    kind,
    ...Object.entries({ folder, dims, threads, dtype }).flatMap(([key, value]) => [`--${key}`, String(value)]),
  ],
];

/** Name -> what starts it; `greets`: it says its version first. `labels`: it gives labels and no decision values. */
export function contendersOf(folder, pythonProgram) {
  return new Map([
    ["libsvm", { start: [join(root, "build/release/native/bench/libsvm_loop"), [folder, String(dims)]], greets: true }],
    ["unreel", { start: [process.execPath, [here("unreel.mjs"), folder]] }],
    ["sklearn", { start: python(pythonProgram, "sklearn", folder, "float64"), greets: true }],
    ["sklearnex", { start: python(pythonProgram, "sklearnex", folder, "float64"), greets: true }],
    ["sklearnex, float32", { start: python(pythonProgram, "sklearnex", folder, "float32"), greets: true }],
    ["libsvm-js", { start: [process.execPath, [here("libsvm-js.mjs"), folder]], labels: true }],
  ]);
}

/** Starts a contender and has it train once. */
export async function begin(name, { start, greets, labels }) {
  const worker = new Worker(...start);
  try {
    const label = greets ? (await worker.hello()).version : name;
    const { vectors, seconds } = await worker.ask({ work: "train" });
    say(`${label}: trained in ${seconds.toFixed(2)} s, ${vectors} support vectors`);
    return { worker, label, vectors, labels };
  } catch (error) {
    worker.close();
    throw error;
  }
}

/** The decision values of the first `count` queries, or the labels. */
async function valuesOf({ worker }, folder, request) {
  const out = "values.f64";
  await worker.ask({ work: "predict", out, ...request });
  const bytes = readFileSync(join(folder, out));
  const values = new Float64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 8);
  if (values.length !== request.count) throw new Error(`${values.length} values of ${request.count} queries`);
  return values;
}

const hashOf = (values) =>
  createHash("sha256")
    .update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
    .digest("hex");

/** The largest difference from libsvm's decision values, or the share of labels that differ. */
function distanceOf(values, right, labels) {
  if (!labels) return values.reduce((far, value, i) => Math.max(far, Math.abs(value - right[i])), 0);
  return values.reduce((count, label, i) => count + (label !== (right[i] > 0 ? 1 : 0) ? 1 : 0), 0) / values.length;
}

/** Name -> distance from libsvm. Throws where ours are other bytes or another's are too far away to be the same work. */
export async function compareAnswers(started, folder, counts) {
  const right = await valuesOf(started.get("libsvm"), folder, { count: counts.slow });
  say(`libsvm: sha256 of ${right.length} decision values ${hashOf(right)}`);
  const distances = new Map([["libsvm", 0]]);
  const note = (name, values, labels) => {
    const distance = distanceOf(values, right, labels);
    distances.set(name, distance);
    say(`${name}: ${labels ? "share of labels that differ" : "largest difference"} ${distance.toExponential(1)}`);
    if (!(distance <= (labels ? allowedLabels : allowed))) throw new Error(`${name} is too far from libsvm`);
  };
  for (const threadCount of [1, threads]) {
    const ours = await valuesOf(started.get("unreel"), folder, { count: counts.slow, threads: threadCount });
    if (hashOf(ours) !== hashOf(right)) throw new Error(`unreel with ${threadCount} threads: other bits than libsvm's`);
    note("unreel", ours);
  }
  note("unreel, exact: false", await valuesOf(started.get("unreel"), folder, { count: counts.slow, exact: false }));
  for (const [name, one] of started) {
    if (distances.has(name)) continue;
    note(name, await valuesOf(one, folder, { count: one.labels ? counts.labels : counts.slow }), one.labels);
  }
  return distances;
}
