import { bootstrapAuc, type Grouped } from "../evaluation/bootstrap.js";
import { metricsOf } from "../evaluation/metrics.js";

/** A point of C and gamma, and how its cross-validation went. AUCs are of whole videos, by their mean values. */
export interface GridPoint {
  readonly c: number;
  /** 0 of the linear kernel. */
  readonly gamma: number;
  /** Mean of the AUCs of the folds that have videos of both classes. */
  readonly auc: number;
  /** Of that mean: the folds' standard deviation / sqrt(folds); 0 where one fold has an AUC. */
  readonly standardError: number;
  /** 95 %, of the AUC over the videos of all folds, by resamples of groups; null where there is one group. */
  readonly interval: readonly [number, number] | null;
}

/** A grid of C and gamma, and the points that matter; see {@link oneStandardError}. */
export interface SvmGrid {
  readonly points: readonly GridPoint[];
  /** Index of the point with the largest mean AUC. */
  readonly best: number;
  /** Index of the point that the SVM was trained with. */
  readonly chosen: number;
}

/** Resamples of groups behind a point's interval. */
const samples = 2000;

/**
 * The figures of a point.
 *
 * @param videos - scored by machines that saw none of the video's fold
 * @param folds - one a video; videos of a group are in one fold, and at least one fold has both classes, as of the folds
 *   that `groupedFolds` makes
 */
export async function gridPoint(
  point: { readonly c: number; readonly gamma: number },
  videos: readonly Grouped[],
  folds: ArrayLike<number>,
  seed: number,
): Promise<GridPoint> {
  const areas = [...new Set(Array.from(folds))].flatMap((fold) => {
    const own = videos.filter((_, video) => folds[video] === fold);
    return new Set(own.map(({ label }) => label)).size < 2 ? [] : [metricsOf(own).auc ?? Number.NaN];
  });
  const interval = await bootstrapAuc(videos, { samples, seed });
  return {
    c: point.c,
    gamma: point.gamma,
    ...meanOf(areas),
    interval: interval === undefined ? null : [interval.lower, interval.upper],
  };
}

function meanOf(areas: readonly number[]): { auc: number; standardError: number } {
  const n = areas.length;
  const auc = areas.reduce((sum, area) => sum + area, 0) / n;
  const squares = areas.reduce((sum, area) => sum + (area - auc) ** 2, 0);
  return { auc, standardError: n < 2 ? 0 : Math.sqrt(squares / (n - 1) / n) };
}

/** The smaller C, then the smaller gamma: the machine that follows single rows less. */
function simpler(a: GridPoint, b: GridPoint): number {
  return a.c - b.c || a.gamma - b.gamma;
}

/**
 * Chooses by the one-standard-error rule: of the points whose mean AUC lies within one standard error of the best
 * point's, the one with the smallest C, then the smallest gamma. Of points that are equally good the best is that one,
 * too. Source: Breiman, Friedman, Olshen, Stone, Classification and regression trees (1984), section 3.4.3.
 *
 * @param points - at least one
 */
export function oneStandardError(points: readonly GridPoint[]): { readonly best: number; readonly chosen: number } {
  const [best] = [...points].sort((a, b) => b.auc - a.auc || simpler(a, b));
  if (best === undefined) throw new RangeError("a grid has at least one point");
  const [chosen = best] = points.filter(({ auc }) => auc >= best.auc - best.standardError).sort(simpler);
  return { best: points.indexOf(best), chosen: points.indexOf(chosen) };
}
