import type { ProjectionHead } from "./head.js";
import type { Svm } from "./svm.js";

/**
 * What the SVM sees of rows of embeddings: their projections, or, without a head, the embeddings at unit length.
 *
 * @param x rows x dimension, C order
 */
export async function svmInput(
  x: Float32Array,
  rows: number,
  dimension: number,
  head: ProjectionHead | undefined,
): Promise<Float32Array> {
  if (head !== undefined) return head.project(x, { rows });
  const unit = new Float32Array(rows * dimension);
  for (let row = 0; row < rows; row++) {
    const from = x.subarray(row * dimension, (row + 1) * dimension);
    let square = 0;
    for (const value of from) square += value * value;
    const length = Math.max(Math.sqrt(square), 1e-12);
    for (let i = 0; i < dimension; i++) unit[row * dimension + i] = (from[i] ?? 0) / length;
  }
  return unit;
}

/** One decision value a row of embeddings; higher = more fake. */
export async function scoreRows(
  x: Float32Array,
  rows: number,
  dimension: number,
  head: ProjectionHead | undefined,
  svm: Svm,
): Promise<Float64Array> {
  return svm.decisionValues(await svmInput(x, rows, dimension, head), { rows });
}
