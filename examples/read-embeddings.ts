// Reads a feature store and says how alike the frames of each video are, and how far apart the two classes lie.
//
//   node examples/read-embeddings.ts features
import { openStore } from "unreel";

const [, , folder = "features"] = process.argv;

function mean(rows: readonly Float32Array[]): Float64Array {
  const sum = new Float64Array(rows[0]?.length ?? 0);
  for (const row of rows) {
    for (const [i, value] of row.entries()) sum[i] = (sum[i] ?? 0) + value / rows.length;
  }
  return sum;
}

function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [dot, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i] ?? 0, b[i] ?? 0];
    dot += x * y;
    aa += x * x;
    bb += y * y;
  }
  return dot / Math.sqrt(aa * bb);
}

const store = await openStore(folder);
const { x, dimension, rows, videos } = await store.read();
const rowAt = (row: number) => x.subarray(row * dimension, (row + 1) * dimension);
console.log(`${videos.length} videos, ${rows} rows of ${dimension} numbers`);

for (const { id, label, split, firstRow, rows: count } of videos) {
  const own = Array.from({ length: count }, (_, i) => rowAt(firstRow + i));
  const center = mean(own);
  const alike = own.reduce((sum, row) => sum + cosine(row, center), 0) / count;
  console.log(alike.toFixed(4), label === 1 ? "fake" : label === 0 ? "real" : "unknown", split ?? "-", id);
}

const centerOf = (label: number) =>
  mean(
    videos
      .filter((video) => video.label === label)
      .flatMap(({ firstRow, rows: count }) => Array.from({ length: count }, (_, i) => rowAt(firstRow + i))),
  );
console.log(`cosine of the two classes' means: ${cosine(centerOf(0), centerOf(1)).toFixed(4)}`);
