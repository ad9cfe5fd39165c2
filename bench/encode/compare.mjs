import { readFileSync } from "node:fs";

/** A file of bare numbers as an array of `Type`. */
export function readNumbers(path, Type) {
  const file = readFileSync(path);
  return new Type(file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength));
}

/** How far embeddings are from the reference's `{values, rows, dimension}`, in the row that is farthest off. */
export function farthest(embeddings, { values, rows, dimension }) {
  if (embeddings.length !== values.length)
    throw new Error(`${embeddings.length} values for ${rows} embeddings of ${dimension}`);
  const apart = { cosineLoss: 0, largestDifference: 0 };
  for (let row = 0; row < rows; row++) {
    const [begin, end] = [row * dimension, (row + 1) * dimension];
    const [a, b] = [embeddings.subarray(begin, end), values.subarray(begin, end)];
    apart.cosineLoss = worse(apart.cosineLoss, 1 - cosine(a, b));
    const norm = Math.sqrt(dot(b, b));
    for (let i = 0; i < dimension; i++)
      apart.largestDifference = worse(apart.largestDifference, Math.abs(a[i] - b[i]) / norm);
  }
  return apart;
}

/** NaN is worse than any number. */
const worse = (a, b) => (Number.isNaN(a) || Number.isNaN(b) ? Number.NaN : Math.max(a, b));

const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);

const cosine = (a, b) => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
