// Training sets whose kernel matrix no memory holds: 200,000 x 512 rows linear and 50,000 x 512 rows RBF (gamma 1, C 1),
// generated. A fresh process trains each; its seconds and its peak of memory are printed beside what bounds it. There is
// no peer: libsvm takes hours.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../../scripts/lib/root.mjs";
import { say } from "../../scripts/lib/run.mjs";
import { Worker } from "../lib/worker.mjs";
import { dims, makeInputs, overlappingOffset } from "../svm/inputs.mjs";

const works = [
  // Well apart, as a trained head leaves its projections: few rows are support vectors. Of rows that overlap as the
  // others do, libsvm's solver would go through most pairs, for an hour or more.
  { kernel: "linear", rows: 200_000, offset: 0.15 },
  { kernel: "rbf", rows: 50_000, offset: overlappingOffset },
];

async function train(work) {
  const folder = mkdtempSync(join(tmpdir(), "unreel-bench-"));
  try {
    say(`${work.kernel}: making ${work.rows} rows x ${dims}`);
    makeInputs({ rows: work.rows, queries: 1, offset: work.offset }, folder);
    const program = join(root, "bench/svm-large/train.mjs");
    const request = JSON.stringify({ ...work, folder, dims });
    const worker = new Worker(process.execPath, [program, request]);
    return await worker.hello();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The solver's numbers for each row: its variables, their gradients and states, ours and libsvm's. */
const bytesOfState = 100;

/**
 * What bounds the peak: the caller's floats, the addon's copy and the solver's layout; the cache of kernel rows; the
 * solver's state; the model's support vectors in double, and laid out in float.
 */
function boundMbOf({ rows, cacheMb }, { startMb, vectors }) {
  const bytes = rows * (3 * 4 * dims + bytesOfState) + vectors * dims * (8 + 4);
  return startMb + cacheMb + bytes / 2 ** 20;
}

function rowOf(work, seen) {
  return {
    work: `${work.kernel}, ${work.rows} x ${dims}${work.exact ? "" : ", exact: false"}`,
    seconds: seen.seconds,
    // The last that was reported: they come in thousands.
    iterations: seen.iterations,
    supportVectors: seen.vectors,
    dataMb: (4 * work.rows * dims) / 2 ** 20,
    cacheMb: work.cacheMb,
    peakMb: seen.peakMb,
    boundMb: boundMbOf(work, seen),
  };
}

/** @param flags `--scale=N`: an Nth of the rows; `--cache-mb=N`, default 1,000; `--kernel=NAME`: it alone; `--fast` */
export async function runSuite(flags = []) {
  const option = (name, otherwise) =>
    flags.find((flag) => flag.startsWith(`--${name}=`))?.slice(name.length + 3) ?? otherwise;
  const common = { cacheMb: Number(option("cache-mb", 1000)), exact: !flags.includes("--fast") };
  const only = option("kernel", undefined);
  const table = [];
  for (const { kernel, rows, offset } of works.filter((work) => only === undefined || work.kernel === only)) {
    const work = { kernel, offset, rows: Math.round(rows / Number(option("scale", 1))), ...common };
    const seen = await train(work);
    say(`${kernel}: ${seen.seconds.toFixed(1)} s, ${seen.iterations} iterations`);
    table.push(rowOf(work, seen));
  }
  return { rows: table, ratios: {} };
}
