// A training step of a linear head by SupCon: N x 512 features -> D, normalised, the loss, and back to dW and db, with 2
// threads in float32. unreel beside the code that users of torch have (masks, N x N), eager and under torch.compile, in
// warm processes that take turns. Before a clock starts all must give the gradients of a float64 computation. With
// --ours: unreel alone by stage, for whoever tunes the kernels.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { buildNative } from "../../scripts/build.mjs";
import { ensureVenv } from "../../scripts/lib/python.mjs";
import { root } from "../../scripts/lib/root.mjs";
import { say } from "../../scripts/lib/run.mjs";
import { inTurn } from "../lib/rounds.mjs";
import { spread } from "../lib/spread.mjs";
import { Worker } from "../lib/worker.mjs";
import { begin, contenders, memoryOf, referenceOf, startOurs, threads } from "./contenders.mjs";
import { features, makeInputs } from "./inputs.mjs";

const shapes = [
  { rows: 1024, dims: 128 },
  { rows: 4096, dims: 128 },
  { rows: 4096, dims: 512 },
];
const memoryShape = shapes[1];
const memoryRounds = 5;
const stageRounds = 7;

const titleOf = ({ rows, dims }) => `N ${rows} D ${dims}`;

/**
 * What exact arithmetic cannot save: 4 N^2 D for the loss (cosines of half the pairs twice, their gradient once) and
 * 4 N 512 D for the head there and back: a ninth of it all at 4,096 rows, a third at 1,024.
 */
const floorFlops = ({ rows, dims }) => 4 * rows * rows * dims + 4 * rows * features * dims;

/** Steps a round, so that a round of the quickest takes some tenths of a second. */
const timesOf = (shape) => Math.max(2, Math.ceil(2e10 / floorFlops(shape)));

/** The most GFLOP/s that a large product reached so far, by bench/encode's worker. */
class Peak {
  #worker;
  gflops = 0;
  by = "";

  static async start(python) {
    const peak = new Peak();
    const program = join(root, "bench/encode/peers.py");
    peak.#worker = new Worker(python, [program, "sgemm", "--threads", String(threads)]);
    await peak.#worker.hello();
    return peak;
  }

  async measure() {
    const seen = await this.#worker.ask({});
    if (seen.gflops > this.gflops) Object.assign(this, seen);
    // numpy's threads spin for some 50 ms after a product, in the time of who comes next.
    await pause(200);
    return 0;
  }

  close() {
    this.#worker.close();
  }
}

/** Times of all contenders in turn with the sgemm, and how far each is from float64. */
async function measure(work, python, peak) {
  const title = titleOf(work);
  say(`${title}: the reference in float64, then the first steps (torch.compile compiles)`);
  const reference = await referenceOf(work, python);
  const started = new Map();
  try {
    for (const [name, contender] of contenders(work, python))
      started.set(name, await begin(name, contender, work, reference));
    for (const { label, errors } of started.values())
      say(
        `${title}: ${label}, away from float64: dW ${errors.weight.toExponential(1)}, db ` +
          `${errors.bias.toExponential(1)}, loss ${errors.loss.toExponential(1)}`,
      );
    const request = { times: timesOf(work) };
    const turns = [...started].map(([name, { worker }]) => ({
      name,
      run: async () => (await worker.ask(request)).seconds,
    }));
    // Warm before the clock counts.
    for (const turn of turns) await turn.run();
    const times = await inTurn(title, [{ name: "sgemm", run: () => peak.measure() }, ...turns]);
    return { work, started, times };
  } finally {
    for (const { worker } of started.values()) worker.close();
  }
}

/** One row a contender; `ratio` is its time over ours, and the share is of the floor's FLOPs at the sgemm's rate. */
function rowsOf({ work, started, times }, peak) {
  return [...started].map(([name, { label, errors }]) => {
    const { median, min, max } = times.get(name);
    const gflops = (1e-9 * floorFlops(work)) / median;
    return {
      work: `${titleOf(work)}, ms`,
      contender: label,
      median: 1000 * median,
      least: 1000 * min,
      most: 1000 * max,
      ratio: median / times.get("unreel").median,
      gradientError: Math.max(errors.weight, errors.bias),
      lossError: errors.loss,
      gflopsOfFloor: gflops,
      percentOfSgemm: (100 * gflops) / peak.gflops,
    };
  });
}

/** Name -> bytes, each time of a fresh process. */
async function measureMemory(work, python) {
  const seen = new Map(["unreel", "torch eager"].map((name) => [name, []]));
  for (let round = 0; round < memoryRounds; round++)
    for (const [name, bytes] of seen) bytes.push(await memoryOf(name, work, python));
  return new Map([...seen].map(([name, bytes]) => [name, spread(bytes)]));
}

function memoryRowsOf(work, memory, started) {
  const mebibytes = (bytes) => bytes / 2 ** 20;
  return [...memory].map(([name, { median, min, max }]) => ({
    work: `${titleOf(work)}, MiB`,
    contender: started.get(name).label,
    median: mebibytes(median),
    least: mebibytes(min),
    most: mebibytes(max),
    ratio: median / memory.get("unreel").median,
    gradientError: "",
    lossError: "",
    gflopsOfFloor: "",
    percentOfSgemm: "",
  }));
}

function ratiosOf(measured, memory) {
  const over = (rows, dims, name) => {
    const { times } = measured.find(({ work }) => work.rows === rows && work.dims === dims);
    return times.get(name).median / times.get("unreel").median;
  };
  return {
    supcon_vs_torch_n4096_d128: over(4096, 128, "torch eager"),
    supcon_vs_torch_n4096_d512: over(4096, 512, "torch eager"),
    supcon_vs_torch_n1024_d128: over(1024, 128, "torch eager"),
    supcon_vs_compile_n4096_d128: over(4096, 128, "torch.compile"),
    supcon_vs_compile_n4096_d512: over(4096, 512, "torch.compile"),
    memory_vs_torch_n4096: memory.get("torch eager").median / memory.get("unreel").median,
  };
}

async function compare(works, python) {
  const peak = await Peak.start(python);
  try {
    const measured = [];
    for (const work of works) measured.push(await measure(work, python, peak));
    say(`sgemm: ${peak.gflops.toFixed(0)} GFLOP/s with ${threads} threads, by ${peak.by}`);
    const rows = measured.flatMap((each) => rowsOf(each, peak));
    const { work, started } = measured[shapes.indexOf(memoryShape)];
    const memory = await measureMemory(work, python);
    return { rows: [...rows, ...memoryRowsOf(work, memory, started)], ratios: ratiosOf(measured, memory) };
  } finally {
    peak.close();
  }
}

/** unreel's stages of one shape, with 1 and with 2 threads. Nothing is compared: the tests do that. */
async function stagesOf(work) {
  const started = new Map();
  try {
    for (const count of [1, threads]) started.set(count, await startOurs(work, count));
    const seen = new Map([...started.keys()].map((count) => [count, []]));
    for (let round = 0; round < stageRounds; round++)
      for (const [count, { worker }] of started) seen.get(count).push(await worker.ask({ times: timesOf(work) }));
    return [...seen].flatMap(([count, answers]) => stageRows(work, count, started.get(count).target, answers));
  } finally {
    for (const { worker } of started.values()) worker.close();
  }
}

function stageRows(work, count, target, answers) {
  const product = 2 * work.rows * features * work.dims;
  const flops = {
    forward: product,
    loss: floorFlops(work) - 2 * product,
    backward: product,
    seconds: floorFlops(work),
  };
  return Object.entries(flops).map(([stage, floor]) => {
    const { median, min, max } = spread(answers.map((answer) => answer[stage]));
    return {
      work: titleOf(work),
      threads: String(count),
      target,
      stage: stage === "seconds" ? "whole" : stage,
      milliseconds: 1000 * median,
      least: 1000 * min,
      most: 1000 * max,
      gflopsOfFloor: (1e-9 * floor) / median,
    };
  });
}

/** `flags`: --ours for unreel's stages alone, which needs no Python. */
export async function runSuite(flags = []) {
  const alone = flags.includes("--ours");
  const python = alone ? undefined : await ensureVenv("bench");
  if (python === undefined && !alone) throw new Error("this suite needs the peers of bench/requirements.txt");
  await buildNative({ bench: true });
  const folder = mkdtempSync(join(tmpdir(), "unreel-bench-"));
  try {
    const works = shapes.map((shape) => ({ ...shape, folder: makeInputs(shape, folder) }));
    if (!alone) return await compare(works, python);
    const rows = [];
    for (const work of works) rows.push(...(await stagesOf(work)));
    return { rows, ratios: {} };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
