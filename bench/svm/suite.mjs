// An RBF machine (gamma 1, C 1) on 5,000 rows x 512 of length 1: training, training for probabilities, and decision
// values of 20,000 queries. unreel through its npm package, its bits those of libsvm; libsvm from C++ with its data in
// memory; scikit-learn, scikit-learn-intelex, npm's libsvm-js. Warm processes that take turns, after their answers were
// compared. Who takes half a minute for all queries scores fewer, and so does unreel in that pair.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { buildNative } from "../../scripts/build.mjs";
import { ensureVenv } from "../../scripts/lib/python.mjs";
import { say } from "../../scripts/lib/run.mjs";
import { inTurn } from "../lib/rounds.mjs";
import { begin, compareAnswers, contendersOf, threads } from "./contenders.mjs";
import { dims, makeInputs } from "./inputs.mjs";

/** Of what takes libsvm half a minute. */
const fewRounds = 3;

/** How many queries: of the quick ones, of libsvm and scikit-learn, of libsvm-js. */
const countsOf = (queries) => ({ quick: queries, slow: Math.ceil(queries / 5), labels: Math.ceil(queries / 40) });

class Bench {
  #started;
  peaks = new Map();

  constructor(started) {
    this.#started = started;
  }

  /** A turn: a contender does what the request says; `as` is its name in the table. */
  turn(name, request, as = name) {
    const run = async () => {
      const { seconds, peakMb } = await this.#started.get(name).worker.ask(request);
      this.peaks.set(name, peakMb);
      // Threads of numpy and oneDAL spin for a while after their work, in the time of who comes next.
      await pause(200);
      return seconds;
    };
    return { name: as, run };
  }

  async trainings() {
    const train = { work: "train" };
    return inTurn("training", [
      this.turn("libsvm", train),
      this.turn("unreel", { ...train, exact: false }, "unreel, exact: false"),
      // After the inexact one: its machine is the one that scores.
      this.turn("unreel", train),
      ...["sklearn", "sklearnex", "sklearnex, float32"].map((name) => this.turn(name, train)),
    ]);
  }

  async slowPredictions(count) {
    const predict = { work: "predict", count };
    return inTurn(`${count} decision values`, [
      this.turn("libsvm", predict),
      this.turn("unreel", { ...predict, threads: 1 }, "unreel, 1 thread"),
      this.turn("unreel", predict),
      this.turn("sklearn", predict),
    ]);
  }

  async quickPredictions(count) {
    const predict = { work: "predict", count };
    return inTurn(`${count} decision values`, [
      this.turn("unreel", predict),
      this.turn("unreel", { ...predict, exact: false }, "unreel, exact: false"),
      this.turn("sklearnex", predict),
      this.turn("sklearnex, float32", predict),
    ]);
  }

  async labels(count) {
    const predict = { work: "predict", count };
    return inTurn(`${count} labels`, [this.turn("unreel", predict), this.turn("libsvm-js", predict)], fewRounds);
  }

  /** Last: what it takes of memory is not counted for the others. */
  async calibrated() {
    const request = { work: "calibrated" };
    return inTurn(
      "training for probabilities",
      ["libsvm", "unreel"].map((name) => this.turn(name, request)),
      fewRounds,
    );
  }

  rowsOf(work, times, { distances, peaks }) {
    return [...times].map(([name, { median, min, max }]) => ({
      work,
      contender: this.#labelOf(name),
      seconds: median,
      least: min,
      most: max,
      ratio: median / times.get("unreel").median,
      supportVectors: this.#of(name).vectors,
      fromLibsvm: distances.get(name) ?? distances.get(name.split(",")[0]),
      processPeakMb: peaks.get(name.startsWith("unreel") ? "unreel" : name),
    }));
  }

  #of(name) {
    return this.#started.get(name.startsWith("unreel") ? "unreel" : name);
  }

  #labelOf(name) {
    return name.startsWith("unreel") ? name : this.#of(name).label;
  }
}

function ratiosOf({ trainings, slow, quick, labels, calibrated }) {
  const over = (times, peer, ours = "unreel") => times.get(peer).median / times.get(ours).median;
  return {
    predict_vs_libsvm: over(slow, "libsvm", "unreel, 1 thread"),
    predict_vs_sklearn: over(slow, "sklearn"),
    predict_vs_sklearnex: over(quick, "sklearnex"),
    predict_vs_libsvm_js: over(labels, "libsvm-js"),
    predict_fast_vs_sklearnex: over(quick, "sklearnex", "unreel, exact: false"),
    // Both in float32, which the peer is about twice as quick in; there the machine's sgemm is the bound of either.
    predict_fast_vs_sklearnex_float32: over(quick, "sklearnex, float32", "unreel, exact: false"),
    train_fast_vs_sklearnex_float32: over(trainings, "sklearnex, float32", "unreel, exact: false"),
    train_vs_libsvm: over(trainings, "libsvm"),
    train_vs_sklearn: over(trainings, "sklearn"),
    train_vs_sklearnex: over(trainings, "sklearnex"),
    train_calibrated_vs_libsvm_probability: over(calibrated, "libsvm"),
  };
}

async function measure(started, folder, counts, rows) {
  const distances = await compareAnswers(started, folder, counts);
  const bench = new Bench(started);
  const trainings = await bench.trainings();
  const slow = await bench.slowPredictions(counts.slow);
  const quick = await bench.quickPredictions(counts.quick);
  const labels = await bench.labels(counts.labels);
  const peaks = new Map(bench.peaks);
  const calibrated = await bench.calibrated();
  const seen = { distances, peaks };
  return {
    rows: [
      ...bench.rowsOf(`train, n ${rows}`, trainings, seen),
      ...bench.rowsOf(`predict ${counts.slow}`, slow, seen),
      ...bench.rowsOf(`predict ${counts.quick}`, quick, seen),
      ...bench.rowsOf(`predict ${counts.labels}`, labels, seen),
      ...bench.rowsOf(`train with probabilities, n ${rows}`, calibrated, { distances, peaks: bench.peaks }),
    ],
    ratios: ratiosOf({ trainings, slow, quick, labels, calibrated }),
  };
}

/** @param flags `--rows=N`, `--queries=N` for other sizes */
export async function runSuite(flags = []) {
  const python = await ensureVenv("bench");
  if (python === undefined) throw new Error("this suite needs the peers of bench/requirements.txt");
  await buildNative({ bench: true });
  const option = (name, otherwise) =>
    Number(flags.find((flag) => flag.startsWith(`--${name}=`))?.split("=")[1] ?? otherwise);
  const shape = { rows: option("rows", 5000), queries: option("queries", 20_000) };
  const folder = mkdtempSync(join(tmpdir(), "unreel-bench-"));
  const started = new Map();
  try {
    makeInputs(shape, folder);
    say(`${shape.rows} rows and ${shape.queries} queries x ${dims}; ${threads} threads where nothing else is said`);
    for (const [name, contender] of contendersOf(folder, python)) started.set(name, await begin(name, contender));
    return await measure(started, folder, countsOf(shape.queries), shape.rows);
  } finally {
    for (const { worker } of started.values()) worker.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
