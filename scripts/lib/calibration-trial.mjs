// A problem whose probabilities are known, and how far three makers of probabilities are from them. A video's place is
// drawn around its class's mean, and its frames around that place: frames of a video go together. The probability that a
// video is fake follows from its place.
import { join } from "node:path";

const dimension = 16;
const frames = 8;
/** Distance of a class's mean from 0, in deviations of the places. */
const shift = 0.7;
/** Deviation of frames around their video's place. */
const jitter = 0.3;
const bins = 10;

/** What makes probabilities, in the order of the table. */
export const makers = ["unreel", "libsvm, mean", "libsvm, median"];
/** Figures of each, in the order of the table; the first two are distances from the true probabilities. */
export const figures = ["eceTruth", "rmsTruth", "ece", "brier", "logLoss"];

/** Numbers from (0, 1), equal for equal seeds: the counter's bits, mixed (SplitMix's finaliser for 32 bits). */
function uniforms(seed) {
  let counter = Math.imul(seed, 0x9e3779b9);
  return () => {
    counter = (counter + 0x9e3779b9) | 0;
    let mixed = Math.imul(counter ^ (counter >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (((mixed ^ (mixed >>> 15)) >>> 0) + 0.5) / 2 ** 32;
  };
}

/** Standard normal numbers, by Box and Muller. */
function normals(seed) {
  const uniform = uniforms(seed);
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** Videos with labels, true probabilities and frames at unit length, as an SVM on embeddings sees them. */
export function simulate(count, seed) {
  const normal = normals(seed);
  return Array.from({ length: count }, (_, at) => {
    const label = at % 2;
    const place = Float64Array.from(
      { length: dimension },
      (__, i) => normal() + (i === 0 ? (2 * label - 1) * shift : 0),
    );
    const rows = new Float32Array(frames * dimension);
    for (let frame = 0; frame < frames; frame++) {
      const row = place.map((each) => each + jitter * normal());
      const length = Math.hypot(...row);
      rows.set(
        row.map((each) => each / length),
        frame * dimension,
      );
    }
    // Two normal classes of one deviation, equally frequent: the log odds are 2 shift times the place along their axis.
    return { label, truth: 1 / (1 + Math.exp(-2 * shift * place[0])), rows };
  });
}

async function storeOf({ createOrOpenStore }, folder, videos) {
  const fingerprint = { encoders: [{ sha256: "simulated", dimension }], count: frames };
  const store = await createOrOpenStore(folder, { dimension, dtype: "<f4", fingerprint });
  const writer = await store.writer();
  for (const [at, { label, rows }] of videos.entries()) {
    const id = String(at).padStart(6, "0");
    const places = Array.from({ length: frames }, (_, frame) => ({ frame, ptsUs: frame * 40_000 }));
    await writer.add({ id, uri: id, label, group: id, split: "train", frames: places, embeddings: rows });
  }
  await writer.close();
  return store;
}

function joined(videos) {
  const x = new Float32Array(videos.length * frames * dimension);
  for (const [at, { rows }] of videos.entries()) x.set(rows, at * frames * dimension);
  const labels = Int32Array.from(
    { length: videos.length * frames },
    (_, row) => videos[Math.floor(row / frames)].label,
  );
  return { x, labels, rows: labels.length, dims: dimension };
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2;
}

const perVideo = (values, of) =>
  Array.from({ length: values.length / frames }, (_, at) => of(values.slice(at * frames, (at + 1) * frames)));

/** Sum over bins of equally many videos, in order of their probabilities: share x |mean probability - mean target|. */
function calibrationError(probabilities, targets) {
  const order = [...probabilities.keys()].sort((a, b) => probabilities[a] - probabilities[b]);
  let error = 0;
  for (let bin = 0; bin < bins; bin++) {
    const members = order.slice((bin * order.length) / bins, ((bin + 1) * order.length) / bins);
    error += Math.abs(mean(members.map((at) => probabilities[at])) - mean(members.map((at) => targets[at]))) / bins;
  }
  return error;
}

function judge(probabilities, videos) {
  const truth = videos.map((video) => video.truth);
  const labels = videos.map((video) => video.label);
  const least = Number.EPSILON;
  return {
    eceTruth: calibrationError(probabilities, truth),
    rmsTruth: Math.sqrt(mean(probabilities.map((p, at) => (p - truth[at]) ** 2))),
    ece: calibrationError(probabilities, labels),
    brier: mean(probabilities.map((p, at) => (p - labels[at]) ** 2)),
    logLoss: mean(probabilities.map((p, at) => -Math.log(Math.max(labels[at] === 1 ? p : 1 - p, least)))),
  };
}

/**
 * Trains on simulated videos through a detector's folder, and judges probabilities of fresh ones: unreel's calibration,
 * on out-of-fold values of whole videos, and libsvm's own (`-b 1`), on frames, brought together by mean and by median. The
 * SVM is the same: C 1, gamma 1, balanced classes.
 *
 * @param unreel - the package's exports
 * @param folder - an empty or missing one, for features and detector
 * @returns figures by maker, and those of the true probabilities
 */
export async function calibrationTrial(unreel, folder, seed, { videos, tests }) {
  const known = simulate(videos, 2 * seed);
  const fresh = simulate(tests, 2 * seed + 1);
  const store = await storeOf(unreel, join(folder, "features"), known);
  const detector = join(folder, "detector");
  await unreel.trainDetectorHead(store, detector, { dim: 2, epochs: 1 });
  const { svm, calibration } = await unreel.trainDetectorSvm(store, detector, { features: "encoder", seed });
  if (calibration.method !== "sigmoid") throw new Error(`a calibration by ${calibration.method}`);
  const { x, rows } = joined(fresh);
  const scores = perVideo(await svm.decisionValues(x, { rows }), mean);
  const { x: fit, labels, ...size } = joined(known);
  const libsvm = await unreel.trainSvm(fit, labels, { ...size, probability: "libsvm", seed });
  const framewise = await libsvm.probabilities(x, { rows });
  const ours = scores.map((score) => 1 / (1 + Math.exp(calibration.a * score + calibration.b)));
  return {
    unreel: judge(ours, fresh),
    "libsvm, mean": judge(perVideo(framewise, mean), fresh),
    "libsvm, median": judge(perVideo(framewise, median), fresh),
    truth: judge(
      fresh.map(({ truth }) => truth),
      fresh,
    ),
  };
}
