import { type Grouped, percentiles } from "../evaluation/bootstrap.js";
import { drawGroups, numberGroups, type ResampleOptions } from "../evaluation/resamples.js";
import { inOrder } from "./order.js";
import { precisionAt } from "./prevalence.js";
import { unseenRate } from "./unseen.js";

/** What a verdict "fake" is worth where a given share of all videos is fake. */
export interface DeploymentPrecision {
  readonly prevalence: number;
  /** Shares of the reals and of the fakes at hand that score at or above the threshold. */
  readonly fpr: number;
  readonly tpr: number;
  /** Share of fakes among what is called fake; null where nothing is. */
  readonly precision: number | null;
  /**
   * 95 %, over resamples of groups; the lower end is at most the precision that {@link unseenRate} of false alarms leaves.
   * Absent for one group, or where no resample held both classes and called something fake.
   */
  readonly interval?: readonly [number, number];
}

/** A group's videos, and those of them at or above the threshold. */
interface Counts {
  real: number;
  fake: number;
  alarms: number;
  found: number;
}

function add(sum: Counts, { real, fake, alarms, found }: Counts, times: number): void {
  sum.real += times * real;
  sum.fake += times * fake;
  sum.alarms += times * alarms;
  sum.found += times * found;
}

const nothing: Readonly<Counts> = { real: 0, fake: 0, alarms: 0, found: 0 };

function ratesOf({ real, fake, alarms, found }: Counts): { fpr: number; tpr: number } {
  return { fpr: alarms / real, tpr: found / fake };
}

/**
 * The precision of calling fake what scores >= `threshold`, at a prevalence that is not that of these videos.
 *
 * @param scored - of both classes
 */
export async function deploymentPrecision(
  scored: readonly Grouped[],
  threshold: number,
  prevalence: number,
  options: ResampleOptions,
): Promise<DeploymentPrecision> {
  const videos = inOrder(scored);
  const groups = numberGroups(videos);
  const byGroup = Array.from({ length: groups.count }, () => ({ ...nothing }));
  videos.forEach(({ label, score }, row) => {
    const above = score >= threshold ? 1 : 0;
    const counts = { real: 1 - label, fake: label, alarms: (1 - label) * above, found: label * above };
    const sum = byGroup[groups.of[row] ?? 0];
    if (sum !== undefined) add(sum, counts, 1);
  });
  const all = { ...nothing };
  for (const counts of byGroup) add(all, counts, 1);
  const rates = ratesOf(all);
  const drawn: number[] = [];
  for await (const times of groups.count < 2 ? [] : drawGroups(groups, options)) {
    const sum = { ...nothing };
    for (const [group, counts] of byGroup.entries()) add(sum, counts, times[group] ?? 0);
    const precision = sum.real === 0 || sum.fake === 0 ? null : precisionAt(ratesOf(sum), prevalence);
    if (precision !== null) drawn.push(precision);
  }
  const precision = precisionAt(rates, prevalence);
  if (drawn.length === 0 || precision === null) return { prevalence, ...rates, precision };
  const cautious = precisionAt({ tpr: rates.tpr, fpr: Math.max(rates.fpr, unseenRate(videos)) }, prevalence);
  const { lower, upper } = percentiles(drawn);
  return { prevalence, ...rates, precision, interval: [Math.min(lower, cautious ?? lower), upper] };
}
