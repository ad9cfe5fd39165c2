// Seeded numbers for the benchmarks' inputs: the same bytes on every machine and for every contender.

/** Numbers in [0, 1) by a multiplicative generator (Park and Miller, CACM 31, 1988); good enough for noise. */
export function uniformFrom(seed) {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

/** Box and Muller's transform: mean 0, variance 1. */
export const normalFrom = (uniform) => () =>
  Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());

/** Half zeros, half ones, in random order (Fisher and Yates). */
export function balancedLabels(rows, uniform) {
  const labels = Int32Array.from({ length: rows }, (_, row) => row % 2);
  for (let row = rows - 1; row > 0; row--) {
    const other = Math.floor(uniform() * (row + 1));
    [labels[row], labels[other]] = [labels[other], labels[row]];
  }
  return labels;
}
