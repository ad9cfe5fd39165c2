import { encodersOf, type Fingerprint } from "../fingerprint.js";

/**
 * How many numbers of a feature row come from each encoder, in order. Features of an unknown making are one block.
 */
export function blocksOf(fingerprint: Fingerprint, dimension: number): readonly number[] {
  const blocks = encodersOf(fingerprint).map((encoder) => encoder.dimension);
  return blocks.reduce((sum, block) => sum + block, 0) === dimension ? blocks : [dimension];
}
