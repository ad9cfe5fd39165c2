import type { ProjectionHead } from "./head.js";
import { type Standard, standardise } from "./standard.js";
import type { Svm } from "./svm.js";

/** What lies between embeddings and the SVM. */
export interface SvmView {
  /** Each encoder's numbers in a row of embeddings. */
  readonly blocks: readonly number[];
  /** Undefined where the SVM sees the embeddings. */
  readonly head: ProjectionHead | undefined;
  readonly standard?: Standard;
}

/**
 * What the SVM sees of rows of embeddings: their projections, or, without a head, each encoder's embedding at the same
 * length, so that a row has length 1; standardised where the SVM's training rows were.
 *
 * @param x rows x sum(blocks), C order
 */
export async function svmInput(x: Float32Array, rows: number, view: SvmView): Promise<Float32Array> {
  const { blocks, head, standard } = view;
  const seen = head === undefined ? unitBlocks(x, rows, blocks) : await head.project(x, { rows });
  return standard === undefined ? seen : standardise(seen, standard);
}

function unitBlocks(x: Float32Array, rows: number, blocks: readonly number[]): Float32Array {
  const unit = new Float32Array(x.length);
  let from = 0;
  for (let row = 0; row < rows; row++) {
    for (const block of blocks) {
      const own = x.subarray(from, from + block);
      let square = 0;
      for (const value of own) square += value * value;
      const length = Math.max(Math.sqrt(square * blocks.length), 1e-12);
      for (let i = 0; i < block; i++) unit[from + i] = (own[i] ?? 0) / length;
      from += block;
    }
  }
  return unit;
}

/** One decision value a row of embeddings; higher = more fake. */
export async function scoreRows(x: Float32Array, rows: number, view: SvmView, svm: Svm): Promise<Float64Array> {
  return svm.decisionValues(await svmInput(x, rows, view), { rows });
}
