import { UnreelError } from "../errors.js";
import { Random, shuffled } from "../random.js";

/**
 * A fold for each row, so that the rows of a group are in one fold and each fold has about the same share of either
 * class: groups in random order, the largest first, each to the fold where it makes the sum of squared shares rise
 * least. The same for the same arguments.
 *
 * @param labels 1 = fake, 0 = real; one a row
 * @param groups one a row: the video, source or identity
 * @throws UnreelError `ERR_UNREEL_TOO_FEW_GROUPS`: fewer groups than folds
 */
export function groupedFolds(
  labels: Int32Array,
  groups: ArrayLike<string | number>,
  folds: number,
  seed: number,
): Int32Array {
  const byGroup = new Map<string | number, [number, number]>();
  for (const [row, label] of labels.entries()) {
    const group = groups[row] ?? "";
    const counts = byGroup.get(group) ?? [0, 0];
    counts[label === 1 ? 1 : 0] += 1;
    byGroup.set(group, counts);
  }
  if (byGroup.size < folds) {
    throw new UnreelError(
      "ERR_UNREEL_TOO_FEW_GROUPS",
      `${byGroup.size} groups cannot be parted into ${folds} folds; take fewer folds, or give more videos.`,
      { groups: byGroup.size, folds },
    );
  }
  const foldOf = new Map<string | number, number>();
  const counts = Array.from({ length: folds }, (): [number, number] => [0, 0]);
  const fakes = labels.reduce((sum, label) => sum + label, 0);
  const totals = [Math.max(labels.length - fakes, 1), Math.max(fakes, 1)] as const;
  const rise = (own: [number, number], added: [number, number], which: 0 | 1) =>
    (added[which] * (2 * own[which] + added[which])) / totals[which] ** 2;
  const order = shuffled([...byGroup], new Random(seed)).sort(([, a], [, b]) => b[0] + b[1] - a[0] - a[1]);
  for (const [group, added] of order) {
    let best = 0;
    let least = Number.POSITIVE_INFINITY;
    for (const [fold, own] of counts.entries()) {
      const cost = rise(own, added, 0) + rise(own, added, 1);
      if (cost < least) [best, least] = [fold, cost];
    }
    foldOf.set(group, best);
    const own = counts[best];
    if (own !== undefined) counts[best] = [own[0] + added[0], own[1] + added[1]];
  }
  return Int32Array.from(labels, (_, row) => foldOf.get(groups[row] ?? "") ?? 0);
}
