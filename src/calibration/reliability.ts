import { quantile } from "../evaluation/bootstrap.js";
import type { Label } from "../evaluation/prediction.js";
import { leastProbability } from "./sigmoid.js";

/** A video's probability of being fake, with the truth. */
export interface Judged {
  readonly label: Label;
  readonly probability: number;
}

/** Videos of neighbouring probabilities. */
export interface ReliabilityBin {
  readonly videos: number;
  /** Lowest and highest probability among them. */
  readonly from: number;
  readonly to: number;
  readonly meanProbability: number;
  /** What the mean probability should be near to. */
  readonly fakeShare: number;
}

/** How far probabilities can be believed. */
export interface Reliability {
  readonly videos: number;
  /** Expected calibration error: sum over bins of videos / n |mean probability - share of fakes|. */
  readonly ece: number;
  /** Mean of (probability - label)^2. */
  readonly brier: number;
  /** Mean of -ln(probability of the truth). */
  readonly logLoss: number;
  /** Brier score and log loss of always saying the share of fakes among these videos. */
  readonly baseline: { readonly brier: number; readonly logLoss: number };
  readonly bins: readonly ReliabilityBin[];
}

const mostBins = 10;
const videosPerBin = 10;

/** 10 bins, or fewer where a bin would hold fewer than 10 videos; at least 2. */
function binCount(videos: number): number {
  return Math.max(2, Math.min(mostBins, Math.floor(videos / videosPerBin)));
}

/**
 * Bins of about equally many videos: their bounds are the probabilities' quantiles, a probability on a bound belongs to
 * the bin below, and equal probabilities are never torn apart; bins without videos are left out. The bins of
 * scikit-learn's calibration_curve with strategy "quantile".
 */
function binsOf(rows: readonly Judged[], count: number): ReliabilityBin[] {
  const sorted = [...rows].sort((a, b) => a.probability - b.probability);
  const probabilities = sorted.map(({ probability }) => probability);
  const bounds = Array.from({ length: count - 1 }, (_, i) => quantile(probabilities, (i + 1) / count));
  const bins: Judged[][] = Array.from({ length: count }, () => []);
  let bin = 0;
  for (const row of sorted) {
    while (row.probability > (bounds[bin] ?? Number.POSITIVE_INFINITY)) bin += 1;
    bins[bin]?.push(row);
  }
  return bins.filter((members) => members.length > 0).map(summary);
}

function summary(members: readonly Judged[]): ReliabilityBin {
  const sum = (of: (row: Judged) => number) => members.reduce((total, row) => total + of(row), 0);
  return {
    videos: members.length,
    from: members[0]?.probability ?? Number.NaN,
    to: members.at(-1)?.probability ?? Number.NaN,
    meanProbability: sum(({ probability }) => probability) / members.length,
    fakeShare: sum(({ label }) => label) / members.length,
  };
}

/** -ln of what was said of the truth; 0 and 1 count as the nearest that is allowed, as in scikit-learn's log_loss. */
function surprise({ label, probability }: Judged): number {
  const bounded = Math.min(Math.max(probability, leastProbability), 1 - leastProbability);
  return -Math.log(label === 1 ? bounded : 1 - bounded);
}

function scoresOf(rows: readonly Judged[]): { brier: number; logLoss: number } {
  const mean = (of: (row: Judged) => number) => rows.reduce((sum, row) => sum + of(row), 0) / rows.length;
  return { brier: mean((row) => (row.probability - row.label) ** 2), logLoss: mean(surprise) };
}

/**
 * Calibration error, Brier score, log loss and the table behind a reliability diagram. Honest only of videos that did not
 * fit the calibration.
 *
 * @param rows - at least one
 */
export function reliabilityOf(rows: readonly Judged[]): Reliability {
  const bins = binsOf(rows, binCount(rows.length));
  const share = rows.reduce((sum, { label }) => sum + label, 0) / rows.length;
  return {
    videos: rows.length,
    ece: bins.reduce((sum, bin) => sum + (bin.videos / rows.length) * Math.abs(bin.meanProbability - bin.fakeShare), 0),
    ...scoresOf(rows),
    baseline: scoresOf(rows.map(({ label }) => ({ label, probability: share }))),
    bins,
  };
}
