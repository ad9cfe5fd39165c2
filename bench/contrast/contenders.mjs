// Who does the step, and the check before any clock starts that all of them get the gradients of a float64 computation.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/lib/root.mjs";
import { run, say } from "../../scripts/lib/run.mjs";
import { Worker } from "../lib/worker.mjs";
import { features } from "./inputs.mjs";

export const threads = 2;

/** The largest error of a gradient, as a share of its largest number, that float32 may leave. */
const allowed = 1e-4;

const program = join(root, "build/release/native/bench/contrast_loop");
const peers = join(root, "bench/contrast/peers.py");

/** What starts our program; `threadCount` of its threads, `rest` what the command takes after them. */
const ours = (what, { folder, rows, dims }, threadCount, ...rest) => [
  program,
  [what, folder, ...[rows, features, dims, threadCount].map(String), ...rest],
];

/** What starts torch's. */
const theirs = (python, what, { folder, rows, dims }, ...rest) => [
  python,
  [
    peers,
    what,
    "--folder",
    folder,
    ...Object.entries({ rows, dims, threads }).flatMap(([k, v]) => [`--${k}`, `${v}`]),
    ...rest,
  ],
];

const resultOf = ({ folder }, name) => join(folder, `${name}.gradient`);

/** Name -> what starts it and where its gradient goes. */
export function contenders(work, python) {
  const torch = (what) => ({
    start: theirs(python, what, work, "--out", resultOf(work, what)),
    out: resultOf(work, what),
  });
  const out = resultOf(work, "unreel");
  return new Map([
    ["unreel", { start: ours("steps", work, threads, out), out }],
    ["torch eager", torch("eager")],
    ["torch.compile", torch("compile")],
  ]);
}

/** Our program alone. Resolves to its worker, warm. */
export async function startOurs(work, threadCount) {
  const worker = new Worker(...ours("steps", work, threadCount, resultOf(work, "unreel")));
  const { target } = await worker.hello();
  return { worker, target };
}

/** dW, then db, as the numbers that a file holds. */
function readGradient(path, Kind, dims) {
  const bytes = readFileSync(path);
  const values = new Kind(bytes.buffer, bytes.byteOffset, bytes.length / Kind.BYTES_PER_ELEMENT);
  if (values.length !== dims * (features + 1)) throw new Error(`${path} holds ${values.length} numbers`);
  return { weight: values.subarray(0, dims * features), bias: values.subarray(dims * features) };
}

/** {loss, weight, bias} by torch in float64. */
export async function referenceOf(work, python) {
  const out = resultOf(work, "reference");
  const [command, args] = theirs(python, "reference", work, "--out", out);
  const { loss } = JSON.parse(await run(command, args, { capture: true }));
  return { loss, ...readGradient(out, Float64Array, work.dims) };
}

/** max|seen - right| / max|right| */
function errorOf(seen, right) {
  let [far, largest] = [0, 0];
  for (const [at, value] of right.entries()) {
    far = Math.max(far, Math.abs(seen[at] - value));
    largest = Math.max(largest, Math.abs(value));
  }
  return far / largest;
}

/** Starts a contender and has it do the step once; refuses it when its gradient or loss is wrong. */
export async function begin(name, { start, out }, { dims }, reference) {
  const worker = new Worker(...start);
  try {
    const { version, target, loss } = await worker.hello();
    const gradient = readGradient(out, Float32Array, dims);
    const errors = {
      weight: errorOf(gradient.weight, reference.weight),
      bias: errorOf(gradient.bias, reference.bias),
      loss: Math.abs(loss - reference.loss) / reference.loss,
    };
    const right = Object.values(errors).every((error) => error <= allowed);
    if (!right) throw new Error(`${name} is away from float64 by ${JSON.stringify(errors)}: its time says nothing`);
    return { worker, errors, label: version === undefined ? `${name} on ${target}` : `${name}: ${version}` };
  } catch (error) {
    worker.close();
    throw error;
  }
}

/**
 * Bytes by which a fresh process grows at its highest in its first step of full size: VmHWM after it, less VmHWM after
 * the inputs were made, the libraries loaded and a step of 8 rows done. What a step needs beside that stays counted:
 * buffers, packed copies, the stacks of threads.
 */
export async function memoryOf(name, work, python) {
  const [command, args] = name === "unreel" ? ours("memory", work, threads) : theirs(python, "memory", work);
  const { bytes } = JSON.parse(await run(command, args, { capture: true }));
  say(`${name}: ${(bytes / 2 ** 20).toFixed(1)} MiB`);
  return bytes;
}
