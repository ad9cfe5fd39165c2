import { Random } from "../../src/random.js";

/** Two noisy clusters, reals around one direction and fakes around another; labels take turns. */
export function clusters(rows: number, dims: number, seed = 1): { x: Float32Array; labels: Int32Array } {
  const random = new Random(seed);
  const uniform = () => random.next() / 2 ** 31 - 1;
  const labels = Int32Array.from({ length: rows }, (_, row) => row % 2);
  const x = Float32Array.from({ length: rows * dims }, (_, at) => {
    const label = labels[Math.floor(at / dims)] ?? 0;
    return uniform() + (at % dims === label ? 1.5 : 0);
  });
  return { x, labels };
}
