import { sigmoidAt } from "../../src/calibration/sigmoid.js";
import type { Grouped } from "../../src/evaluation/bootstrap.js";
import { Random } from "../../src/random.js";

/** A number from (0, 1). */
export function uniform(random: Random): number {
  return (random.next() + 0.5) / 2 ** 32;
}

/** Standard normal, by Box and Muller. */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(uniform(random))) * Math.cos(2 * Math.PI * uniform(random));
}

/** Scores whose probability of being fake is 1 / (1 + exp(a score + b)); `perGroup` videos a group. */
export function videosOfSigmoid(
  n: number,
  { a, b, seed, perGroup = 1 }: { a: number; b: number; seed: number; perGroup?: number },
): Grouped[] {
  const random = new Random(seed);
  return Array.from({ length: n }, (_, i) => {
    const score = 2 * normal(random);
    const label = uniform(random) < sigmoidAt({ a, b }, score) ? 1 : 0;
    return { label, score, group: `g${Math.floor(i / perGroup)}` };
  });
}

/** Videos from "label score" pairs, each a group of its own. */
export function videosOf(...pairs: readonly (readonly [0 | 1, number])[]): Grouped[] {
  return pairs.map(([label, score], i) => ({ label, score, group: `g${i}` }));
}
