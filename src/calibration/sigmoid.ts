import type { Scored } from "../evaluation/metrics.js";
import { awaitNative, nativeBinding } from "../native/load.js";

/** P(fake | score) = 1 / (1 + exp(a score + b)); a is negative where higher scores are more often fake. */
export interface Sigmoid {
  readonly a: number;
  readonly b: number;
}

/** No probability is nearer to 0 or 1 than this, so that its logarithm and its odds stay finite. */
export const leastProbability = Number.EPSILON;

/**
 * Platt's sigmoid by libsvm's own code: Newton's method with backtracking on the cross entropy against the targets
 * (n_fake + 1) / (n_fake + 2) and 1 / (n_real + 2). Source: Lin, Lin, Weng, A note on Platt's probabilistic outputs for
 * support vector machines (2007).
 *
 * @param rows - at least one, finite scores
 */
export function fitSigmoid(rows: readonly Scored[]): Promise<Sigmoid> {
  const values = Float64Array.from(rows, ({ score }) => score);
  const labels = Int32Array.from(rows, ({ label }) => label);
  return awaitNative(() => nativeBinding().fitSigmoid(values, labels));
}

/** The probability at a score. exp() never overflows: its argument is never above 0. */
export function sigmoidAt({ a, b }: Sigmoid, score: number): number {
  const z = a * score + b;
  const tail = Math.exp(-Math.abs(z));
  const probability = (z >= 0 ? tail : 1) / (1 + tail);
  return Math.min(Math.max(probability, leastProbability), 1 - leastProbability);
}
