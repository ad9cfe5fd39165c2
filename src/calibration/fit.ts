import { throwIfAborted } from "../errors.js";
import { type Grouped, percentiles, quantile } from "../evaluation/bootstrap.js";
import { drawGroups, type GroupNumbers, numberGroups, type ResampleOptions } from "../evaluation/resamples.js";
import { groupedFolds } from "../training/folds.js";
import type {
  Calibration,
  CalibrationRecord,
  ChosenOn,
  IsotonicCalibration,
  NoCalibration,
  SigmoidCalibration,
} from "./calibration.js";
import { type Curve, curveAt, fitIsotonic } from "./isotonic.js";
import { inOrder } from "./order.js";
import { type Judged, type Reliability, reliabilityOf } from "./reliability.js";
import { fitSigmoid, sigmoidAt } from "./sigmoid.js";

/** Options of {@link fitCalibration}. */
export interface CalibrationOptions {
  readonly chosenOn: ChosenOn;
  /** `auto` (default): isotonic from 1,000 videos on, else the sigmoid. */
  readonly method?: "auto" | "sigmoid" | "isotonic";
  /** Resamples of groups behind the interval. Default 200. */
  readonly samples?: number;
  /** Default 1. */
  readonly seed?: number;
  /** Ends the fit with `ERR_UNREEL_ABORTED`. */
  readonly signal?: AbortSignal;
}

/** From so many videos on isotonic regression has enough to go by, as scikit-learn's guide says. */
const isotonicVideos = 1000;
/** Videos of each class below which nothing is fitted. */
const fewestOfClass = 5;
/** Parts of the groups that take turns in judging a calibration. */
const judgingFolds = 5;
/** Scores at which an isotonic calibration keeps its interval: quantiles of those that it was fitted on. */
const boundScores = 101;

type Method = Calibration["method"];

/** Maps scores to probabilities. */
type Estimator = (score: number) => number;

/**
 * Fits the probability of being fake to scores of whole videos. The reliability that it reports is that of probabilities
 * which each video got from a calibration without its fold of groups: one that judges what it was fitted to flatters
 * itself. Equal for equal videos, in any order, and equal options.
 *
 * @param scored - finite scores, of a detector that did not train on these videos
 * @returns no calibration, and why, where a class has fewer than 5 videos
 * @throws UnreelError `ERR_UNREEL_ABORTED`
 */
export async function fitCalibration(
  scored: readonly Grouped[],
  options: CalibrationOptions,
): Promise<Calibration | NoCalibration> {
  const { chosenOn, method = "auto", samples = 200, seed = 1, signal } = options;
  const videos = inOrder(scored);
  const realVideos = videos.filter(({ label }) => label === 0).length;
  const reason = tooFew(realVideos, videos.length - realVideos);
  if (reason !== undefined) return { method: "none", reason };
  const chosen: Method = method !== "auto" ? method : videos.length >= isotonicVideos ? "isotonic" : "sigmoid";
  const groups = numberGroups(videos);
  const record: CalibrationRecord = {
    chosenOn,
    videos: videos.length,
    realVideos,
    groups: groups.count,
    samples,
    seed,
    reliability: await crossFitted(videos, groups, chosen, seed),
  };
  const calibrationBy = chosen === "sigmoid" ? sigmoidCalibration : isotonicCalibration;
  return calibrationBy(videos, groups, record, signal);
}

function tooFew(real: number, fake: number): string | undefined {
  if (Math.min(real, fake) >= fewestOfClass) return undefined;
  return `A calibration needs at least ${fewestOfClass} videos of each class; there are ${real} real and ${fake} fake ones.`;
}

function hasBothClasses(rows: readonly Grouped[]): boolean {
  return new Set(rows.map(({ label }) => label)).size === 2;
}

/** Resamples that hold both classes, as often as each row was drawn. One group alone cannot be resampled. */
async function* drawVideos(
  videos: readonly Grouped[],
  groups: GroupNumbers,
  options: ResampleOptions,
  signal: AbortSignal | undefined,
): AsyncGenerator<Int32Array> {
  if (groups.count < 2) return;
  for await (const drawn of drawGroups(groups, options)) {
    throwIfAborted(signal);
    const weights = groups.of.map((group) => drawn[group] ?? 0);
    if (hasBothClasses(videos.filter((_, row) => (weights[row] ?? 0) > 0))) yield weights;
  }
}

async function sigmoidCalibration(
  videos: readonly Grouped[],
  groups: GroupNumbers,
  record: CalibrationRecord,
  signal: AbortSignal | undefined,
): Promise<SigmoidCalibration> {
  const { a, b } = await fitSigmoid(videos);
  const resamples: [number, number][] = [];
  for await (const weights of drawVideos(videos, groups, record, signal)) {
    const repeated = videos.flatMap((video, row) => new Array<Grouped>(weights[row] ?? 0).fill(video));
    const drawn = await fitSigmoid(repeated);
    resamples.push([drawn.a, drawn.b]);
  }
  return { method: "sigmoid", a, b, ...record, resamples };
}

async function isotonicCalibration(
  videos: readonly Grouped[],
  groups: GroupNumbers,
  record: CalibrationRecord,
  signal: AbortSignal | undefined,
): Promise<IsotonicCalibration> {
  const { scores, values } = fitIsotonic(videos);
  const grid = spread(videos.map(({ score }) => score));
  const curves: Curve[] = [];
  for await (const weights of drawVideos(videos, groups, record, signal)) curves.push(fitIsotonic(videos, weights));
  const bounds = grid.map((score) => percentiles(curves.map((curve) => curveAt(curve, score))));
  return {
    method: "isotonic",
    scores,
    probabilities: values,
    ...record,
    bounds: {
      scores: curves.length === 0 ? [] : grid,
      lower: curves.length === 0 ? [] : bounds.map(({ lower }) => lower),
      upper: curves.length === 0 ? [] : bounds.map(({ upper }) => upper),
    },
  };
}

/** Quantiles of rising scores from the lowest to the highest, each once. */
function spread(scores: readonly number[]): number[] {
  return [...new Set(Array.from({ length: boundScores }, (_, i) => quantile(scores, i / (boundScores - 1))))];
}

async function estimatorOf(videos: readonly Grouped[], method: Method): Promise<Estimator> {
  if (method === "sigmoid") {
    const sigmoid = await fitSigmoid(videos);
    return (score) => sigmoidAt(sigmoid, score);
  }
  const curve = fitIsotonic(videos);
  return (score) => curveAt(curve, score);
}

/** Of the videos' probabilities by estimators that saw none of their fold's groups; null where one cannot be fitted. */
async function crossFitted(
  videos: readonly Grouped[],
  groups: GroupNumbers,
  method: Method,
  seed: number,
): Promise<Reliability | null> {
  const labels = Int32Array.from(videos, ({ label }) => label);
  const folds = groupedFolds(labels, groups.of, Math.min(judgingFolds, groups.count), seed);
  const judged: Judged[] = [];
  for (const fold of new Set(folds)) {
    const others = videos.filter((_, row) => folds[row] !== fold);
    if (!hasBothClasses(others)) return null;
    const estimate = await estimatorOf(others, method);
    for (const { label, score } of videos.filter((_, row) => folds[row] === fold)) {
      judged.push({ label, probability: estimate(score) });
    }
  }
  return reliabilityOf(judged);
}
