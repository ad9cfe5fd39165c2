import type { Scored } from "./metrics.js";
import { drawGroups, type GroupNumbers, numberGroups, type ResampleOptions } from "./resamples.js";

/** A scored video and the group that it is drawn with. */
export interface Grouped extends Scored {
  readonly group: string;
}

/** A percentile interval of the AUC over resampled groups. */
export interface AucInterval {
  readonly level: 0.95;
  readonly lower: number;
  readonly upper: number;
  readonly groups: number;
  /** Resamples drawn. */
  readonly samples: number;
  /** Resamples that held both classes; the others have no AUC and are left out. */
  readonly used: number;
  readonly seed: number;
}

/** Linear interpolation between order statistics, as numpy's default: position q (n - 1). */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  const position = q * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below] ?? Number.NaN;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] ?? low;
  return low + (high - low) * (position - below);
}

/** From the 2.5th to the 97.5th percentile of what resamples gave; sorts `values`. */
export function percentiles(values: number[] | Float64Array): { lower: number; upper: number } {
  values.sort((a: number, b: number) => a - b);
  return { lower: quantile(values, 0.025), upper: quantile(values, 0.975) };
}

interface Sorted {
  /** Number of each row's group. */
  readonly group: Int32Array;
  readonly label: Uint8Array;
  /** 1 where the next row has a lower score. */
  readonly last: Uint8Array;
}

/** Rows from the highest score down. */
function sortRows(rows: readonly Grouped[], groups: GroupNumbers): Sorted {
  const sorted = rows.map(({ label, score }, index) => ({ label, score, group: groups.of[index] ?? 0 }));
  sorted.sort((a, b) => b.score - a.score);
  return {
    group: Int32Array.from(sorted, (row) => row.group),
    label: Uint8Array.from(sorted, (row) => row.label),
    last: Uint8Array.from(sorted, (row, index) => (sorted[index + 1]?.score === row.score ? 0 : 1)),
  };
}

/** The AUC where row i counts as often as its group was drawn; undefined where a class was not drawn. */
function weightedAuc({ group, label, last }: Sorted, drawn: Int32Array): number | undefined {
  let twice = 0;
  let fake = 0;
  let real = 0;
  let fakeHere = 0;
  let realHere = 0;
  for (let i = 0; i < group.length; i += 1) {
    const weight = drawn[group[i] ?? 0] ?? 0;
    if (label[i] === 1) fakeHere += weight;
    else realHere += weight;
    if (last[i] === 0) continue;
    twice += realHere * (2 * fake + fakeHere);
    fake += fakeHere;
    real += realHere;
    fakeHere = 0;
    realHere = 0;
  }
  return fake === 0 || real === 0 ? undefined : twice / (2 * fake * real);
}

/**
 * The 95 % interval of the AUC: groups are drawn with replacement, as many as there are, `samples` times; the interval
 * is from the 2.5th to the 97.5th percentile. Equal for equal rows in equal order, seed and samples. Lets the event loop
 * turn between resamples.
 *
 * @returns undefined where there are fewer than two groups, or no resample held both classes.
 */
export async function bootstrapAuc(
  rows: readonly Grouped[],
  options: ResampleOptions,
): Promise<AucInterval | undefined> {
  const groups = numberGroups(rows);
  if (groups.count < 2) return undefined;
  const sorted = sortRows(rows, groups);
  const areas: number[] = [];
  for await (const drawn of drawGroups(groups, options)) {
    const area = weightedAuc(sorted, drawn);
    if (area !== undefined) areas.push(area);
  }
  if (areas.length === 0) return undefined;
  const { samples, seed } = options;
  return { level: 0.95, ...percentiles(areas), groups: groups.count, samples, used: areas.length, seed };
}
