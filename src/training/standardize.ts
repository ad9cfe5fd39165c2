/** What is taken off each feature, and what it is multiplied by then. */
export interface Standard {
  readonly mean: Float64Array;
  readonly factor: Float64Array;
}

/** A feature that varies less than this share of its block's mean deviation counts as varying that much: it is noise. */
const smallestShare = 0.01;

/**
 * Brings every feature to mean 0 and deviation 1 over the rows that `take` accepts, then each block of features to the
 * same weight: the expected squared length of a row is 1, and 1 / blocks.length of it lies in each block. So an encoder
 * with large or many numbers does not drown another.
 *
 * @param x rows x sum(blocks), C order
 */
export function standardOf(
  x: Float32Array,
  rows: number,
  blocks: readonly number[],
  take: (row: number) => boolean,
): Standard {
  const dimension = blocks.reduce((sum, block) => sum + block, 0);
  const taken = Array.from({ length: rows }, (_, row) => row).filter(take);
  const mean = new Float64Array(dimension);
  const square = new Float64Array(dimension);
  for (const row of taken) {
    for (let i = 0; i < dimension; i++) mean[i] = (mean[i] ?? 0) + (x[row * dimension + i] ?? 0) / taken.length;
  }
  for (const row of taken) {
    for (let i = 0; i < dimension; i++) {
      const off = (x[row * dimension + i] ?? 0) - (mean[i] ?? 0);
      square[i] = (square[i] ?? 0) + (off * off) / taken.length;
    }
  }
  const factor = new Float64Array(dimension);
  let from = 0;
  for (const block of blocks) {
    const own = square.subarray(from, from + block);
    const typical = Math.sqrt(own.reduce((sum, value) => sum + value, 0) / block);
    for (let i = 0; i < block; i++) {
      const deviation = Math.max(Math.sqrt(own[i] ?? 0), smallestShare * typical);
      factor[from + i] = deviation > 0 ? 1 / (deviation * Math.sqrt(block * blocks.length)) : 0;
    }
    from += block;
  }
  return { mean, factor };
}

/** The rows by that standard. */
export function standardize(x: Float32Array, { mean, factor }: Standard): Float32Array {
  const dimension = mean.length;
  return x.map((value, at) => (value - (mean[at % dimension] ?? 0)) * (factor[at % dimension] ?? 0));
}

/** A linear map of standardised rows as the same map of the rows themselves: W diag(f) and b - W diag(f) mean. */
export function unstandardized(
  { weight, bias }: { readonly weight: Float32Array; readonly bias: Float32Array },
  { mean, factor }: Standard,
): { weight: Float32Array; bias: Float32Array } {
  const dimension = mean.length;
  const scaled = weight.map((value, at) => value * (factor[at % dimension] ?? 0));
  const shifted = bias.map((value, row) => {
    let shift = 0;
    for (let i = 0; i < dimension; i++) shift += (scaled[row * dimension + i] ?? 0) * (mean[i] ?? 0);
    return value - shift;
  });
  return { weight: scaled, bias: shifted };
}
