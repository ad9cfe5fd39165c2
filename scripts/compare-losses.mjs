// Which loss helps the SVM on a feature store, beside no head at all. Each contender scores every video of the splits
// train, val and none once, as one that it did not train on: groups are cut into folds, and for each fold a head is trained
// on the others (a quarter of their groups choose the epoch), then an SVM on its projections. Split test is never read.
// A table on stdout; progress on stderr.
import { createHash } from "node:crypto";
import { parseArgs } from "node:util";
import { fail, say } from "./lib/run.mjs";
import { setup } from "./setup.mjs";

const usage = "npm run compare:losses -- FEATURES [--folds 5] [--seeds 3] [--epochs 30] [--dim 128] [--json]";
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    folds: { type: "string", default: "5" },
    seeds: { type: "string", default: "3" },
    epochs: { type: "string", default: "30" },
    dim: { type: "string", default: "128" },
    json: { type: "boolean", default: false },
  },
});
const [folds, seeds, epochs, dim] = [values.folds, values.seeds, values.epochs, values.dim].map(Number);
const [features] = positionals;
if (features === undefined || ![folds, seeds, epochs, dim].every((n) => Number.isInteger(n) && n > 0)) fail(usage, 2);
await setup();
const { evaluate, openStore, trainHead, trainSvm } = await import("../dist/index.js");

/** Options of trainHead by contender; none for the embeddings themselves. */
const contenders = {
  "no head": undefined,
  supcon: { loss: "supcon" },
  "supcon, learnt temperature": { loss: "supcon", learnTemperature: true },
  "supcon + cross-entropy": { loss: "supcon", term: "cross-entropy" },
  "supcon, mlp": { loss: "supcon", head: "mlp" },
  "align-uniform": { loss: "align-uniform" },
  "align-uniform + cross-entropy": { loss: "align-uniform", term: "cross-entropy" },
  triplet: { loss: "triplet" },
  margin: { loss: "margin" },
  "single-centre": { loss: "single-centre" },
};

const store = await openStore(features);
const table = await store.read({ labelled: true, splits: ["train", "val", undefined] });
const { dimension } = table;
const encoders = store.info.fingerprint.encoders ?? [];
const sizes = encoders.map((encoder) => encoder.dimension);
const blocks = sizes.reduce((sum, size) => sum + size, 0) === dimension ? sizes : [dimension];
// By name, not as table.groupIndices() numbers them: folds follow from these numbers.
const numberOf = new Map([...new Set(table.groups)].sort().map((group, at) => [group, at]));
const groupOf = Uint32Array.from(table.groups, (group) => numberOf.get(group));
const videoOf = table.videoIndices;

/** The groups in an order that only the text decides. */
function shuffled(text, groups) {
  const key = (group) => createHash("sha256").update(`${text}:${group}`).digest("hex");
  return [...groups].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

function rowsOf(groups) {
  const wanted = new Set(groups);
  return [...groupOf.keys()].filter((row) => wanted.has(groupOf[row]));
}

function gather(x, width, rows) {
  const out = new Float32Array(rows.length * width);
  rows.forEach((row, at) => {
    out.set(x.subarray(row * width, (row + 1) * width), at * width);
  });
  return out;
}

/** Each encoder's embedding at the same length, a row at length 1: what an SVM sees without a head. */
function unitBlocks(x) {
  const unit = Float32Array.from(x);
  for (let from = 0, row = 0; row < x.length / dimension; row++) {
    for (const block of blocks) {
      const own = unit.subarray(from, from + block);
      const length = Math.hypot(...own) * Math.sqrt(blocks.length) || 1;
      for (let i = 0; i < block; i++) own[i] /= length;
      from += block;
    }
  }
  return unit;
}

/** Decision values of the test rows by a head and an SVM of the training rows. */
async function scores(options, seed, trainRows, validationGroups, testRows) {
  const validates = new Set(validationGroups);
  const of = (array, rows) => Int32Array.from(rows, (row) => array[row]);
  const numbers = (array, rows) => Uint32Array.from(rows, (row) => array[row]);
  const x = gather(table.x, dimension, trainRows);
  const labels = of(table.labels, trainRows);
  const validation = Uint8Array.from(trainRows, (row) => (validates.has(groupOf[row]) ? 1 : 0));
  const rows = { x, labels, validation, rows: trainRows.length, dimension, blocks };
  const sources = { videos: numbers(videoOf, trainRows), groups: numbers(groupOf, trainRows) };
  const head = options && (await trainHead({ ...rows, ...sources }, { dim, epochs, seed, ...options }));
  const see = (part, count) => (head ? head.project(part, { rows: count }) : unitBlocks(part));
  const fitRows = trainRows.filter((row) => !validates.has(groupOf[row]));
  const fit = await see(gather(table.x, dimension, fitRows), fitRows.length);
  const svm = await trainSvm(fit, of(table.labels, fitRows), {
    rows: fitRows.length,
    dims: fit.length / fitRows.length,
  });
  return svm.decisionValues(await see(gather(table.x, dimension, testRows), testRows.length), {
    rows: testRows.length,
  });
}

/** Mean of a video's values, then its place among the fold's videos, 0 to 1: folds have SVMs of their own. */
function ranks(values, testRows) {
  const sums = new Map();
  testRows.forEach((row, at) => {
    const { sum, n } = sums.get(videoOf[row]) ?? { sum: 0, n: 0 };
    sums.set(videoOf[row], { sum: sum + values[at], n: n + 1 });
  });
  const means = [...sums].map(([video, { sum, n }]) => [video, sum / n]);
  return new Map(
    means.map(([video, mean]) => {
      const below = means.filter(([, other]) => other < mean).length;
      const equal = means.filter(([, other]) => other === mean).length;
      return [video, (below + equal / 2) / means.length];
    }),
  );
}

async function judge(options) {
  const sums = new Float64Array(table.videos.length);
  for (let seed = 1; seed <= seeds; seed++) {
    const order = shuffled(`fold ${seed}`, numberOf.values());
    for (let fold = 0; fold < folds; fold++) {
      const test = order.filter((_, at) => at % folds === fold);
      const train = order.filter((_, at) => at % folds !== fold);
      const chosen = shuffled(`validation ${seed}`, train).slice(0, Math.ceil(train.length / 4));
      const values = await scores(options, seed, rowsOf(train), chosen, rowsOf(test));
      for (const [video, rank] of ranks(values, rowsOf(test))) sums[video] += rank / seeds;
    }
  }
  const predictions = table.videos.map(({ id, label, group }, at) => ({ video: id, label, group, score: sums[at] }));
  const { video, interval } = await evaluate(predictions);
  return { auc: video.auc, lower: interval?.lower ?? null, upper: interval?.upper ?? null };
}

const results = [];
for (const [name, options] of Object.entries(contenders)) {
  const result = await judge(options);
  results.push({ name, ...result });
  say(`${name}: AUC ${result.auc.toFixed(3)}`);
}
if (values.json) {
  const facts = { features: store.root, videos: table.videos.length, groups: numberOf.size, folds, seeds, epochs, dim };
  process.stdout.write(`${JSON.stringify({ ...facts, results })}\n`);
} else {
  const width = Math.max(...results.map(({ name }) => name.length));
  const lines = results.map(({ name, auc, lower, upper }) => {
    const interval = lower === null ? "" : `  ${lower.toFixed(3)} to ${upper.toFixed(3)}`;
    return `${name.padEnd(width)}  ${auc.toFixed(3)}${interval}`;
  });
  process.stdout.write(`${"contender".padEnd(width)}  AUC    95 % interval\n${lines.join("\n")}\n`);
}
