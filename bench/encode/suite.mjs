// Embeddings of 64 crops by CLIP ViT-B/32 with seeded weights on all cores: unreel beside ONNX Runtime's C++ API, OpenVINO,
// onnxruntime-node and torch, each in its best layout, in warm processes that take turns. unreel takes uint8 crops and
// normalises them inside the clock; peers take normalised pictures. Before a clock starts all must give the embeddings of
// a float64 forward pass.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { loadEncoder } from "../../dist/index.js";
import { buildNative } from "../../scripts/build.mjs";
import { ensureVenv } from "../../scripts/lib/python.mjs";
import { root } from "../../scripts/lib/root.mjs";
import { run, say } from "../../scripts/lib/run.mjs";
import { inTurn } from "../lib/rounds.mjs";
import { Worker } from "../lib/worker.mjs";
import { farthest, readNumbers } from "./compare.mjs";
import { begin, bestLayout, contenders } from "./contenders.mjs";
import { cropBytes, makeCrops, side, writeNormalized } from "./pictures.mjs";

/** Of one picture, a multiply-add being two: open_clip's model_profile.csv, ViT-B-32, image. */
const gigaFlops = 8.82;
const count = 64;
/** Pictures by which the best layouts are found. */
const fewCount = 32;
const threads = availableParallelism();
const peers = join(root, "bench/encode/peers.py");

const unreel = (...args) => run(process.execPath, [join(root, "dist/cli.js"), ...args], { capture: true });

/** The path of the ONNX Runtime that unreel loads. */
async function libraryOfOurs() {
  const { findings } = JSON.parse(await unreel("doctor", "--json"));
  const { path, version, problem } = findings.find(({ name }) => name === "onnxruntime");
  if (problem !== undefined) throw new Error(problem);
  say(`unreel loads ONNX Runtime ${version}`);
  return path;
}

/** The models: fp32, what unreel makes of it in int8, and what ONNX Runtime's quantiser does. */
async function makeModels(folder, python) {
  const models = Object.fromEntries(["fp32", "int8", "ortInt8"].map((name) => [name, join(folder, `${name}.onnx`)]));
  await unreel("models", "make", "vit-b-32", "--out", models.fp32);
  say("quantizing");
  await unreel("models", "quantize", models.fp32, models.int8);
  await run(python, [peers, "quantize", "--model", models.fp32, "--out", models.ortInt8], { capture: true });
  return models;
}

/** Writes crops as the contenders read them. */
function pictureFiles(folder, name, crops, info) {
  const files = { crops: join(folder, `${name}.u8`), input: join(folder, `${name}.f32`) };
  writeFileSync(files.crops, crops);
  writeNormalized(crops, info, files.input);
  return files;
}

/** The embeddings that are right: a forward pass in float64. */
async function referenceOf(model, input, folder, python, dimension) {
  const out = join(folder, "reference.f64");
  say("the reference: a forward pass in float64");
  const args = ["reference", "--model", model, "--input", input, "--size", String(side), "--out", out];
  await run(python, [peers, ...args], { capture: true });
  return { values: readNumbers(out, Float64Array), rows: count, dimension };
}

/** All pictures, and the first few of them, each with the embeddings that are right. */
async function makePictures(model, folder, python) {
  const encoder = await loadEncoder(model, { batch: 1 });
  const [info] = encoder.info.parts;
  encoder.close();
  const crops = await makeCrops(count);
  const all = pictureFiles(folder, "all", crops, info);
  const few = pictureFiles(folder, "few", crops.subarray(0, fewCount * cropBytes), info);
  const reference = await referenceOf(model, all.input, folder, python, info.dimension);
  const first = reference.values.subarray(0, fewCount * info.dimension);
  return { all: { ...all, reference }, few: { ...few, reference: { ...reference, values: first, rows: fewCount } } };
}

/** Starts each contender's process in its best layout, warm, and puts it into `started` by its name. */
async function startAll(all, pictures, started) {
  for (const contender of Object.values(all)) {
    const layout = await bestLayout(contender, pictures.few);
    const { worker, version, apart, embeddings } = await begin(contender, layout, pictures.all);
    started.set(contender.name, { layout: layout.label, worker, version, apart, embeddings });
  }
}

/** Times of all contenders in turn, and the most GFLOP/s that a large product reached between them. */
async function measure(started, python) {
  const sgemm = new Worker(python, [peers, "sgemm", "--threads", String(threads)]);
  const peak = { gflops: 0, by: "" };
  const multiply = async () => {
    const seen = await sgemm.ask({});
    if (seen.gflops > peak.gflops) Object.assign(peak, seen);
    return 0;
  };
  try {
    await sgemm.hello();
    const turns = [...started].map(([name, { worker }]) => ({
      name,
      run: async () => (await worker.ask({})).seconds,
    }));
    const times = await inTurn(`${count} pictures`, [{ name: "sgemm", run: multiply }, ...turns]);
    return { times, peak };
  } finally {
    sgemm.close();
  }
}

/** One row a contender, ours first; `ratio` is its time over ours. */
function rowsOf(started, times, peak) {
  const ours = times.get("unreel");
  return [...started].map(([name, { layout, version, apart }]) => {
    const { median, min, max } = times.get(name);
    const gflops = (gigaFlops * count) / median;
    return {
      contender: version === undefined ? name : `${name} ${version}`,
      layout,
      picturesPerSecond: count / median,
      least: count / max,
      most: count / min,
      gflops,
      percentOfSgemm: (100 * gflops) / peak.gflops,
      ratio: median / ours.median,
      cosineLoss: apart.cosineLoss,
      largestDifference: apart.largestDifference,
    };
  });
}

function ratiosOf(all, started, times, dimension) {
  const seconds = ({ name }) => times.get(name).median;
  const over = (contender) => seconds(contender) / seconds(all.ours);
  const embeddings = ({ name }) => started.get(name).embeddings;
  const fp32 = { values: embeddings(all.ours), rows: count, dimension };
  return {
    fp32_vs_ort_loop: over(all.ortLoop),
    fp32_vs_openvino: over(all.openvino),
    fp32_vs_onnxruntime_node_single: over(all.node),
    fp32_vs_torch: over(all.torch),
    int8_vs_fp32: seconds(all.ours) / seconds(all.oursInt8),
    int8_cosine: 1 - farthest(embeddings(all.oursInt8), fp32).cosineLoss,
  };
}

async function compare(models, pictures, folder, python) {
  const all = contenders(models, { folder, python, threads, library: await libraryOfOurs() });
  const started = new Map();
  try {
    await startAll(all, pictures, started);
    const { times, peak } = await measure(started, python);
    say(`sgemm: ${peak.gflops.toFixed(0)} GFLOP/s with ${threads} threads, by ${peak.by}`);
    const { dimension } = pictures.all.reference;
    return { rows: rowsOf(started, times, peak), ratios: ratiosOf(all, started, times, dimension) };
  } finally {
    for (const { worker } of started.values()) worker.close();
  }
}

export async function runSuite() {
  const python = await ensureVenv("bench");
  if (python === undefined) throw new Error("this suite needs the peers of bench/requirements.txt");
  await buildNative({ bench: true });
  const folder = mkdtempSync(join(tmpdir(), "unreel-bench-"));
  try {
    const models = await makeModels(folder, python);
    return await compare(models, await makePictures(models.fp32, folder, python), folder, python);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
