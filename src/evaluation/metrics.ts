// The numbers of a binary detector; equal to scikit-learn's where it has them. Positive = fake = label 1.
import type { Label } from "./prediction.js";

/** A score with the truth. Only the order of scores matters, except to the threshold. */
export interface Scored {
  readonly label: Label;
  readonly score: number;
}

/** What is called fake when every score >= threshold is. */
export interface RocPoint {
  /** +Infinity at the first point, where nothing is called fake. */
  readonly threshold: number;
  readonly truePositives: number;
  readonly falsePositives: number;
}

export interface Confusion {
  readonly tp: number;
  readonly fp: number;
  readonly tn: number;
  readonly fn: number;
}

/** Metrics that a decision threshold makes; null where the classes at hand do not define one. */
export interface DecisionMetrics {
  readonly accuracy: number | null;
  /** Mean of recall and specificity. */
  readonly balancedAccuracy: number | null;
  /** Null where nothing was called fake. */
  readonly precision: number | null;
  readonly recall: number | null;
  readonly f1: number | null;
  readonly confusion: Confusion;
}

/** Metrics of one level; null where a class is missing. Decision metrics are there only where a threshold was given. */
export interface Metrics extends Partial<DecisionMetrics> {
  readonly n: number;
  readonly real: number;
  readonly fake: number;
  /** Share of fakes. */
  readonly prevalence: number | null;
  /** What a detector gets that does not look: accuracy of the larger class, F1 of calling everything fake. */
  readonly majorityBaseline: { readonly accuracy: number | null; readonly f1AlwaysFake: number | null };
  /** P(score of a fake > score of a real), ties counted half. */
  readonly auc: number | null;
  /** Where false positive rate = false negative rate, on the ROC joined by straight lines. */
  readonly eer: number | null;
  /** The score of the ROC's vertex nearest to that point (the higher of two); null also where it is not finite. */
  readonly eerThreshold: number | null;
  /** Average precision: sum of (R_k - R_k-1) P_k over distinct scores, no interpolation. */
  readonly ap: number | null;
  /** Largest true positive rate at a false positive rate <= 1 %, at a score that occurs. */
  readonly tprAtFpr1: number | null;
}

function byScoreDown(a: Scored, b: Scored): number {
  return a.score < b.score ? 1 : a.score > b.score ? -1 : 0;
}

/** The ROC: one point before any score and one after each distinct score, from the highest down. */
export function rocCurve(rows: readonly Scored[]): RocPoint[] {
  const sorted = [...rows].sort(byScoreDown);
  const points: RocPoint[] = [{ threshold: Number.POSITIVE_INFINITY, truePositives: 0, falsePositives: 0 }];
  let truePositives = 0;
  let falsePositives = 0;
  for (const [index, row] of sorted.entries()) {
    truePositives += row.label;
    falsePositives += 1 - row.label;
    if (sorted[index + 1]?.score !== row.score) {
      points.push({ threshold: row.score, truePositives, falsePositives });
    }
  }
  return points;
}

function* pairs<T>(items: readonly T[]): Generator<readonly [T, T]> {
  let previous: T | undefined;
  for (const item of items) {
    if (previous !== undefined) yield [previous, item];
    previous = item;
  }
}

/** Area under a ROC by trapezoids, in whole numbers until the one division. */
function areaUnder(roc: readonly RocPoint[], fake: number, real: number): number {
  let twice = 0;
  for (const [a, b] of pairs(roc)) {
    twice += (b.falsePositives - a.falsePositives) * (a.truePositives + b.truePositives);
  }
  return twice / (2 * fake * real);
}

/** False positive rate less false negative rate: rises from -1 to 1 along the ROC. */
function imbalance(point: RocPoint, fake: number, real: number): number {
  return point.falsePositives / real - (fake - point.truePositives) / fake;
}

function equalErrorRate(roc: readonly RocPoint[], fake: number, real: number): { eer: number; threshold: number } {
  for (const [a, b] of pairs(roc)) {
    const [before, after] = [imbalance(a, fake, real), imbalance(b, fake, real)];
    if (after < 0) continue;
    const share = before / (before - after);
    const eer = (a.falsePositives + share * (b.falsePositives - a.falsePositives)) / real;
    return { eer, threshold: -before <= after ? a.threshold : b.threshold };
  }
  throw new RangeError("a ROC of both classes ends at (1, 1)");
}

function averagePrecision(roc: readonly RocPoint[], fake: number): number {
  let sum = 0;
  for (const [a, b] of pairs(roc)) {
    const gained = b.truePositives - a.truePositives;
    if (gained > 0) sum += (gained / fake) * (b.truePositives / (b.truePositives + b.falsePositives));
  }
  return sum;
}

function trueRateAtFalseRate1(roc: readonly RocPoint[], fake: number, real: number): number {
  let best = 0;
  for (const { truePositives, falsePositives } of roc) {
    if (falsePositives * 100 <= real) best = truePositives;
  }
  return best / fake;
}

function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

/** The metrics of calling fake what scores >= `threshold`. */
export function decisionMetrics(rows: readonly Scored[], threshold: number): DecisionMetrics {
  const confusion = { tp: 0, fp: 0, tn: 0, fn: 0 };
  for (const { label, score } of rows) {
    if (score >= threshold) confusion[label === 1 ? "tp" : "fp"] += 1;
    else confusion[label === 1 ? "fn" : "tn"] += 1;
  }
  const { tp, fp, tn, fn } = confusion;
  const recall = ratio(tp, tp + fn);
  const specificity = ratio(tn, tn + fp);
  return {
    accuracy: ratio(tp + tn, rows.length),
    balancedAccuracy: recall === null || specificity === null ? null : (recall + specificity) / 2,
    precision: ratio(tp, tp + fp),
    recall,
    f1: ratio(2 * tp, 2 * tp + fp + fn),
    confusion,
  };
}

/** All metrics of some scored frames or videos; those of a decision only with a threshold. */
export function metricsOf(rows: readonly Scored[], threshold?: number): Metrics {
  const n = rows.length;
  const fake = rows.reduce((count, row) => count + row.label, 0);
  const real = n - fake;
  const counts = {
    n,
    real,
    fake,
    prevalence: ratio(fake, n),
    majorityBaseline: { accuracy: ratio(Math.max(fake, real), n), f1AlwaysFake: ratio(2 * fake, n + fake) },
  };
  const decision = threshold === undefined ? {} : decisionMetrics(rows, threshold);
  if (fake === 0 || real === 0) {
    return { ...counts, auc: null, eer: null, eerThreshold: null, ap: null, tprAtFpr1: null, ...decision };
  }
  const roc = rocCurve(rows);
  const equal = equalErrorRate(roc, fake, real);
  return {
    ...counts,
    auc: areaUnder(roc, fake, real),
    eer: equal.eer,
    eerThreshold: Number.isFinite(equal.threshold) ? equal.threshold : null,
    ap: averagePrecision(roc, fake),
    tprAtFpr1: trueRateAtFalseRate1(roc, fake, real),
    ...decision,
  };
}
