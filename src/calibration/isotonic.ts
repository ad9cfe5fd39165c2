import type { Scored } from "../evaluation/metrics.js";

/** Points joined by straight lines, level outside; scores rise, values never fall. */
export interface Curve {
  readonly scores: readonly number[];
  readonly values: readonly number[];
}

/** Videos of one score, or of neighbouring scores that share one value. */
interface Block {
  readonly first: number;
  last: number;
  /** Videos, and the fake ones among them. */
  weight: number;
  fakes: number;
}

/** One block a distinct score, from the lowest up. */
function blocksOf(rows: readonly Scored[], weights: ArrayLike<number> | undefined): Block[] {
  const drawn = rows.map(({ label, score }, index) => ({ label, score, weight: weights?.[index] ?? 1 }));
  const blocks: Block[] = [];
  for (const { label, score, weight } of drawn.filter((row) => row.weight > 0).sort((a, b) => a.score - b.score)) {
    const last = blocks.at(-1);
    if (last?.first === score) {
      last.weight += weight;
      last.fakes += weight * label;
    } else {
      blocks.push({ first: score, last: score, weight, fakes: weight * label });
    }
  }
  return blocks;
}

/**
 * One real video more at the highest score and one fake more at the lowest: the ends are never certain. Of n videos that
 * are all fake at the top, the value becomes n / (n + 1).
 */
function withDoubt(blocks: readonly Block[]): void {
  const [lowest, highest] = [blocks[0], blocks.at(-1)];
  if (lowest === undefined || highest === undefined) return;
  lowest.weight += 1;
  lowest.fakes += 1;
  highest.weight += 1;
}

/** Joins neighbours whose shares of fakes do not rise. Compared in whole numbers. */
function pooled(blocks: readonly Block[]): Block[] {
  const stack: Block[] = [];
  for (const block of blocks) {
    let top = { ...block };
    for (;;) {
      const below = stack.at(-1);
      if (below === undefined || below.fakes * top.weight < top.fakes * below.weight) break;
      stack.pop();
      top = { first: below.first, last: top.last, weight: below.weight + top.weight, fakes: below.fakes + top.fakes };
    }
    stack.push(top);
  }
  return stack;
}

/**
 * Isotonic regression of the labels on the scores by pooling adjacent violators: the rising curve nearest to them in
 * squared distance, as scikit-learn's IsotonicRegression, on the videos and the two that {@link withDoubt} adds; so no
 * value is 0 or 1. Source: Zadrozny, Elkan, Transforming classifier scores into accurate multiclass probability
 * estimates (2002).
 *
 * @param rows - at least one
 * @param weights - how often each row counts, whole numbers; once where they are not given
 */
export function fitIsotonic(rows: readonly Scored[], weights?: ArrayLike<number>): Curve {
  const blocks = blocksOf(rows, weights);
  withDoubt(blocks);
  const points = pooled(blocks).flatMap(({ first, last, weight, fakes }) => {
    const value = fakes / weight;
    return first === last
      ? [{ score: first, value }]
      : [
          { score: first, value },
          { score: last, value },
        ];
  });
  return { scores: points.map(({ score }) => score), values: points.map(({ value }) => value) };
}

/** The curve's value at a score. */
export function curveAt({ scores, values }: Curve, score: number): number {
  let [low, high] = [0, scores.length - 1];
  const [lowest = Number.NaN, highest = Number.NaN] = [scores[low], scores[high]];
  if (score <= lowest) return values[low] ?? Number.NaN;
  if (score >= highest) return values[high] ?? Number.NaN;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((scores[middle] ?? Number.NaN) <= score) low = middle;
    else high = middle;
  }
  const [x0 = 0, x1 = 0, y0 = 0, y1 = 0] = [scores[low], scores[high], values[low], values[high]];
  return y0 + (y1 - y0) * ((score - x0) / (x1 - x0));
}
