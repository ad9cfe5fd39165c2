import { type Random, shuffled } from "../random.js";
import type { ClipSpan } from "./plan.js";

/** Which list a clip stands in. */
export type Side = "train" | "test";

/** By what the sides are kept apart beyond the clips themselves. */
export type SplitUnit = "video" | "region" | "clip";

/** What becomes of each clip, in the order of the clips. */
export interface Casting {
  readonly splitBy: SplitUnit;
  readonly sides: readonly Side[];
  /** The clip that a clip's fake takes its blended region from: on the same side, and its own donor in turn. */
  readonly donors: readonly number[];
}

/** Clip indices by unit, in a drawn order. */
function unitsOf(clips: readonly ClipSpan[], unit: SplitUnit, random: Random): number[][] {
  const units = new Map<number, number[]>();
  for (const [at, clip] of clips.entries()) {
    const key = unit === "video" ? clip.source : unit === "region" ? clip.scene : at;
    units.set(key, [...(units.get(key) ?? []), at]);
  }
  return shuffled([...units.values()], random);
}

/** The units whose sizes add up to the even number from 2 to `total - 2` nearest to `target`; with that number. */
function nearestEvenSum(
  units: readonly (readonly number[])[],
  target: number,
): { chosen: number[]; sum: number } | undefined {
  const total = units.reduce((sum, unit) => sum + unit.length, 0);
  const lastUnit = new Map<number, number>([[0, -1]]);
  for (const [at, unit] of units.entries()) {
    for (let sum = total; sum >= unit.length; sum--) {
      if (!lastUnit.has(sum) && lastUnit.has(sum - unit.length)) lastUnit.set(sum, at);
    }
  }
  const sums = [...lastUnit.keys()].filter((sum) => sum >= 2 && sum <= total - 2 && sum % 2 === 0);
  const [sum] = sums.sort((a, b) => Math.abs(a - target) - Math.abs(b - target) || a - b);
  if (sum === undefined) return undefined;
  const chosen: number[] = [];
  for (let left = sum; left > 0; ) {
    const unit = units[lastUnit.get(left) ?? -1] ?? [];
    for (const each of unit) chosen.push(each);
    left -= unit.length;
  }
  return { chosen, sum };
}

/**
 * The clips of the test side: whole videos where their sizes come near to the wanted number, else whole regions, else
 * single clips. Videos and regions kept apart leave the test nothing that training saw.
 */
function testClips(
  clips: readonly ClipSpan[],
  target: number,
  random: Random,
): { chosen: ReadonlySet<number>; splitBy: SplitUnit } {
  const tolerance = clips.length / 8;
  for (const splitBy of ["video", "region"] as const) {
    const found = nearestEvenSum(unitsOf(clips, splitBy, random), target);
    if (found !== undefined && Math.abs(found.sum - target) <= tolerance) {
      return { chosen: new Set(found.chosen), splitBy };
    }
  }
  return { chosen: new Set(unitsOf(clips, "clip", random).slice(0, target).flat()), splitBy: "clip" };
}

/** Pairs the clips of one side: across scenes, and across videos, where no scene or video holds more than half of them. */
function pair(side: readonly number[], clips: readonly ClipSpan[], donors: number[], random: Random): void {
  const members = side.flatMap((at) => {
    const clip = clips[at];
    return clip === undefined ? [] : [{ at, ...clip }];
  });
  const order = shuffled([...new Set(members.map(({ source }) => source))], random);
  members.sort(
    (a, b) =>
      order.indexOf(a.source) - order.indexOf(b.source) ||
      a.scene - b.scene ||
      a.firstFrame - b.firstFrame ||
      a.at - b.at,
  );
  const half = members.length / 2;
  for (let k = 0; k < half; k++) {
    const [a, b] = [members[k], members[k + half]];
    if (a === undefined || b === undefined) continue;
    donors[a.at] = b.at;
    donors[b.at] = a.at;
  }
}

/**
 * Divides the clips into training and test and pairs them within each side, so that the connected groups of who gave to
 * whom are the pairs. Equal arguments and seeds give equal castings.
 *
 * @param clips - an even number, 4 or more
 * @param testShare - wanted share of the test side, in (0, 1); each side gets a pair at least
 */
export function castClips(clips: readonly ClipSpan[], testShare: number, random: Random): Casting {
  const target = Math.min(clips.length - 2, Math.max(2, 2 * Math.round((clips.length * testShare) / 2)));
  const { chosen, splitBy } = testClips(clips, target, random);
  const sides = clips.map((_, at): Side => (chosen.has(at) ? "test" : "train"));
  const donors: number[] = [];
  for (const side of ["train", "test"] as const) {
    pair(
      [...clips.keys()].filter((at) => sides[at] === side),
      clips,
      donors,
      random,
    );
  }
  return { splitBy, sides, donors };
}
