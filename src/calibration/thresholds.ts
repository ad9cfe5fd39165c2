import { UnreelError } from "../errors.js";
import { type Grouped, percentiles } from "../evaluation/bootstrap.js";
import { drawGroups, type GroupNumbers, numberGroups, type ResampleOptions } from "../evaluation/resamples.js";
import type { ChosenOn } from "./calibration.js";
import { inOrder } from "./order.js";
import { type Roc, rocOf, thresholdOf } from "./roc.js";
import { unseenRate } from "./unseen.js";

/** The rules by which thresholds are chosen. */
export const thresholdRules = ["eer", "balanced-accuracy", "fpr-1", "fpr-0.1", "fpr-0", "tpr-99"] as const;

/** See {@link thresholdRules}. */
export type ThresholdRule = (typeof thresholdRules)[number];

/** A score from which on a video counts as fake, and what it was chosen on. */
export interface Threshold {
  /** The rule that chose it. */
  readonly name: ThresholdRule;
  readonly value: number;
  /** Share of the real videos it was chosen on that score at or above it. */
  readonly fpr: number;
  /** Share of the fake videos it was chosen on that score at or above it. */
  readonly tpr: number;
  /** Videos it was chosen on, and the real ones among them. */
  readonly videos: number;
  readonly realVideos: number;
  readonly chosenOn: ChosenOn;
  /** 95 %, over resamples of groups: of the value that the rule chooses. Absent where there was one group. */
  readonly interval?: readonly [number, number];
  /**
   * 95 %: of the share of real videos at or above `value` in resamples of groups; it reaches at least as far as
   * {@link unseenRate} from 0 and from 1.
   */
  readonly fprInterval?: readonly [number, number];
}

/** A rule whose threshold was not chosen, and why. */
export interface OmittedThreshold {
  readonly name: ThresholdRule;
  readonly reason: string;
}

/** Options of {@link chooseThresholds}. */
export interface ThresholdOptions {
  readonly chosenOn: ChosenOn;
  /** Resamples of groups behind the intervals. Default 2000. */
  readonly samples?: number;
  /** Default 1. */
  readonly seed?: number;
}

/** How a rule chooses a vertex, and where in the stretch of its thresholds. */
interface Choice {
  /** Real videos it takes for its rate to mean anything. */
  readonly realVideos: number;
  readonly end: "highest" | "middle" | "lowest";
  readonly vertex: (roc: Roc) => number;
}

/** The first vertex from 0 on that `wanted` accepts. */
function firstVertex(roc: Roc, wanted: (truePositives: number, falsePositives: number) => boolean): number {
  let vertex = 0;
  while (vertex < roc.count && !wanted(roc.truePositives[vertex] ?? 0, roc.falsePositives[vertex] ?? 0)) vertex += 1;
  return vertex;
}

/** The vertex nearest to where false positive rate = false negative rate; of two as near, the one of fewer positives. */
function equalErrors(roc: Roc): number {
  const { fake, real } = roc;
  const imbalance = (vertex: number) =>
    (roc.falsePositives[vertex] ?? 0) / real - (fake - (roc.truePositives[vertex] ?? 0)) / fake;
  const after = firstVertex(roc, (tp, fp) => fp / real >= (fake - tp) / fake);
  return -imbalance(after - 1) <= imbalance(after) ? after - 1 : after;
}

/** The largest mean of true positive and true negative rate; of several, the one of fewest positives. */
function bestBalancedAccuracy(roc: Roc): number {
  let best = 0;
  let most = 0;
  for (let vertex = 1; vertex <= roc.count; vertex += 1) {
    const gain = (roc.truePositives[vertex] ?? 0) * roc.real - (roc.falsePositives[vertex] ?? 0) * roc.fake;
    if (gain > most) [best, most] = [vertex, gain];
  }
  return best;
}

/** The last vertex that calls at most so many in a thousand reals fake. */
function mostAlarms(perMille: number): (roc: Roc) => number {
  return (roc) => {
    const allowed = Math.floor((perMille * roc.real) / 1000);
    let vertex = 0;
    while (vertex < roc.count && (roc.falsePositives[vertex + 1] ?? 0) <= allowed) vertex += 1;
    return vertex;
  };
}

/** The first vertex that finds 99 of 100 fakes. */
function mostFound(roc: Roc): number {
  return firstVertex(roc, (truePositives) => truePositives * 100 >= 99 * roc.fake);
}

const choices: Readonly<Record<ThresholdRule, Choice>> = {
  eer: { realVideos: 1, end: "middle", vertex: equalErrors },
  "balanced-accuracy": { realVideos: 1, end: "middle", vertex: bestBalancedAccuracy },
  "fpr-1": { realVideos: 100, end: "highest", vertex: mostAlarms(10) },
  "fpr-0.1": { realVideos: 1000, end: "highest", vertex: mostAlarms(1) },
  "fpr-0": { realVideos: 1, end: "highest", vertex: mostAlarms(0) },
  "tpr-99": { realVideos: 1, end: "lowest", vertex: mostFound },
};

function chosenValue(roc: Roc, rule: ThresholdRule): number {
  const { vertex, end } = choices[rule];
  return thresholdOf(roc, vertex(roc), end);
}

function tooFewReal(rule: ThresholdRule, had: number): string | undefined {
  const needed = choices[rule].realVideos;
  if (had >= needed) return undefined;
  return `The threshold ${rule} needs at least ${needed} real videos to be chosen on; there are ${had}.`;
}

function realOf(videos: readonly Grouped[]): Grouped[] {
  return videos.filter(({ label }) => label === 0);
}

function checkClasses(videos: readonly Grouped[]): void {
  const real = realOf(videos).length;
  if (real > 0 && real < videos.length) return;
  throw new UnreelError(
    "ERR_UNREEL_ONE_CLASS",
    `All ${videos.length} videos are ${real > 0 ? "real" : "fake"}; thresholds are chosen on real and fake ones.`,
    { videos: videos.length, real },
  );
}

/**
 * Chooses a threshold on scored videos by every rule that they are enough for. Equal for equal videos, in any order, and
 * equal options.
 *
 * @param scored - finite scores, of a detector that did not train on these videos
 * @throws UnreelError `ERR_UNREEL_ONE_CLASS`
 */
export async function chooseThresholds(
  scored: readonly Grouped[],
  options: ThresholdOptions,
): Promise<{ thresholds: Threshold[]; thresholdsOmitted: OmittedThreshold[] }> {
  checkClasses(scored);
  const realVideos = realOf(scored).length;
  const reasons = thresholdRules.map((name) => ({ name, reason: tooFewReal(name, realVideos) }));
  const rules = reasons.flatMap(({ name, reason }) => (reason === undefined ? [name] : []));
  const thresholdsOmitted = reasons.flatMap(({ name, reason }) => (reason === undefined ? [] : [{ name, reason }]));
  return { thresholds: await byRules(inOrder(scored), rules, options), thresholdsOmitted };
}

/**
 * The threshold of one rule, as {@link chooseThresholds}.
 *
 * @throws UnreelError `ERR_UNREEL_TOO_FEW_REAL` with `threshold`, `needed` and `realVideos`; `ERR_UNREEL_ONE_CLASS`
 */
export async function chooseThreshold(
  scored: readonly Grouped[],
  rule: ThresholdRule,
  options: ThresholdOptions,
): Promise<Threshold> {
  checkClasses(scored);
  const realVideos = realOf(scored).length;
  const reason = tooFewReal(rule, realVideos);
  if (reason !== undefined) {
    const needed = choices[rule].realVideos;
    throw new UnreelError("ERR_UNREEL_TOO_FEW_REAL", reason, { threshold: rule, needed, realVideos });
  }
  const [threshold] = await byRules(inOrder(scored), [rule], options);
  if (threshold === undefined) throw new UnreelError("ERR_UNREEL_INTERNAL", `no threshold ${rule}`);
  return threshold;
}

async function byRules(
  videos: readonly Grouped[],
  rules: readonly ThresholdRule[],
  { chosenOn, samples = 2000, seed = 1 }: ThresholdOptions,
): Promise<Threshold[]> {
  const roc = rocOf(videos);
  const values = rules.map((rule) => chosenValue(roc, rule));
  const share = (label: 0 | 1, value: number) => {
    const those = videos.filter((video) => video.label === label);
    return those.filter(({ score }) => score >= value).length / those.length;
  };
  const intervals = await intervalsOf(videos, rules, values, { samples, seed });
  return rules.map((name, i) => {
    const value = values[i] ?? Number.NaN;
    const facts = { videos: videos.length, realVideos: roc.real, chosenOn };
    return { name, value, fpr: share(0, value), tpr: share(1, value), ...facts, ...intervals?.[i] };
  });
}

type Intervals = Required<Pick<Threshold, "interval" | "fprInterval">>;

/** One a rule; undefined for one group, or where no resample held both classes. */
async function intervalsOf(
  videos: readonly Grouped[],
  rules: readonly ThresholdRule[],
  values: readonly number[],
  options: ResampleOptions,
): Promise<Intervals[] | undefined> {
  const groups = numberGroups(videos);
  if (groups.count < 2) return undefined;
  const chosen: number[][] = rules.map(() => []);
  const rates: number[][] = rules.map(() => []);
  const alarms = values.map((value) => alarmsOf(videos, groups, value));
  for await (const drawn of drawGroups(groups, options)) {
    const roc = rocOf(
      videos,
      groups.of.map((group) => drawn[group] ?? 0),
    );
    if (roc.real === 0 || roc.fake === 0) continue;
    for (const [i, rule] of rules.entries()) {
      chosen[i]?.push(chosenValue(roc, rule));
      rates[i]?.push((alarms[i]?.(drawn) ?? 0) / roc.real);
    }
  }
  if (chosen[0]?.length === 0) return undefined;
  const unseen = unseenRate(videos);
  return rules.map((_, i) => {
    const value = percentiles(chosen[i] ?? []);
    const rate = percentiles(rates[i] ?? []);
    return {
      interval: [value.lower, value.upper],
      fprInterval: [Math.min(rate.lower, 1 - unseen), Math.max(rate.upper, unseen)],
    };
  });
}

/** The false alarms at a threshold when groups are drawn. */
function alarmsOf(videos: readonly Grouped[], groups: GroupNumbers, value: number): (drawn: Int32Array) => number {
  const alarms = new Int32Array(groups.count);
  videos.forEach(({ label, score }, row) => {
    const group = groups.of[row] ?? 0;
    if (label === 0 && score >= value) alarms[group] = (alarms[group] ?? 0) + 1;
  });
  return (drawn) => drawn.reduce((sum, times, group) => sum + times * (alarms[group] ?? 0), 0);
}
