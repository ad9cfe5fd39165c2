import { awaitNative, nativeBinding } from "../native/load.js";
import { checkInteger, checkPositive, checkTyped } from "../validate.js";

/** Options of {@link contrastiveLoss}. */
export interface ContrastiveLossOptions {
  readonly rows: number;
  readonly dims: number;
  /** `supcon` (default): the supervised contrastive loss L_out (Khosla et al. 2020, eq. 2). */
  readonly loss?: "supcon";
  /** Default 0.07. */
  readonly temperature?: number;
}

/**
 * The supervised contrastive loss of a batch and its exact gradient.
 *
 * @param embeddings rows x dims, C order; normalised inside
 * @param labels one class a row; rows without another of their class are skipped as anchors
 * @returns the mean over anchors, and its gradient by the un-normalised rows (rows x dims)
 * @throws UnreelError `ERR_UNREEL_NOT_FINITE`
 *
 * @example
 * ```ts
 * import { contrastiveLoss } from "unreel";
 *
 * const rows = Float32Array.of(1, 0, 0.9, 0.1, 0, 1, 0.1, 0.9);
 * const { loss, gradient } = await contrastiveLoss(rows, Int32Array.of(0, 0, 1, 1), { rows: 4, dims: 2 });
 * console.log(loss > 0, gradient.length);
 * ```
 */
export function contrastiveLoss(
  embeddings: Float32Array,
  labels: Int32Array,
  options: ContrastiveLossOptions,
): Promise<{ loss: number; gradient: Float32Array }> {
  const rows = checkInteger(options.rows, 1, "options.rows");
  const dims = checkInteger(options.dims, 1, "options.dims");
  const temperature = checkPositive(options.temperature ?? 0.07, "options.temperature");
  checkTyped(embeddings, Float32Array, rows * dims, "embeddings");
  checkTyped(labels, Int32Array, rows, "labels");
  return awaitNative(() => nativeBinding().supcon(embeddings, labels, rows, dims, temperature));
}
