import type { Grouped } from "../evaluation/bootstrap.js";

/**
 * How often what never happened in the groups of the real videos may still happen: the upper end of the exact 95 %
 * interval of 0 of n, 1 - 0.025^(1 / n). Resamples of groups alone would say never. Source: Clopper, Pearson, The use of
 * confidence or fiducial limits illustrated in the case of the binomial (1934).
 */
export function unseenRate(videos: readonly Grouped[]): number {
  const groups = new Set(videos.flatMap(({ label, group }) => (label === 0 ? [group] : [])));
  return 1 - 0.025 ** (1 / groups.size);
}
