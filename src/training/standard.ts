import { join } from "node:path";
import { damaged } from "../detector-folder.js";
import { readSafetensors, writeSafetensors } from "../safetensors.js";

/** What standardises rows: each number less its mean, by its deviation. */
export interface Standard {
  readonly mean: Float64Array;
  /** Above 0. */
  readonly deviation: Float64Array;
}

/** In the folder of a detector whose SVM sees standardised rows. */
export const standardFile = "standard.safetensors";

/**
 * Mean and deviation (of n, not n - 1) of each column. A column that does not vary has deviation 1: it becomes 0 and
 * tells nothing, instead of NaN. Two passes in double precision; a column counts as constant where all its numbers are
 * equal, whatever rounding made of its mean. NaN and infinities stay what they are, in their place, for the trainer to
 * refuse.
 *
 * @param x rows x dims, C order; at least one row
 */
export function fitStandard(x: Float32Array, dims: number): Standard {
  const rows = x.length / dims;
  const mean = new Float64Array(dims);
  const deviation = new Float64Array(dims);
  for (let at = 0; at < x.length; at++) mean[at % dims] = (mean[at % dims] ?? 0) + (x[at] ?? 0) / rows;
  const varies = new Uint8Array(dims);
  for (let at = 0; at < x.length; at++) {
    const column = at % dims;
    if (x[at] !== x[column]) varies[column] = 1;
    deviation[column] = (deviation[column] ?? 0) + ((x[at] ?? 0) - (mean[column] ?? 0)) ** 2 / rows;
  }
  for (let column = 0; column < dims; column++) {
    const root = Math.sqrt(deviation[column] ?? 0);
    const finite = Number.isFinite(root);
    deviation[column] = varies[column] === 1 && finite && root > 0 ? root : 1;
    if (varies[column] === 0) mean[column] = x[column] ?? 0;
    if (!finite) mean[column] = 0;
  }
  return { mean, deviation };
}

/** The rows standardised, in place. */
export function standardise(x: Float32Array, { mean, deviation }: Standard): Float32Array {
  const dims = mean.length;
  for (let at = 0; at < x.length; at++) {
    const column = at % dims;
    x[at] = ((x[at] ?? 0) - (mean[column] ?? 0)) / (deviation[column] ?? 1);
  }
  return x;
}

/** Writes `standard.safetensors`: `mean` and `deviation`, float64 [dims]. */
export async function writeStandard(dir: string, { mean, deviation }: Standard): Promise<void> {
  const shape = [mean.length];
  const tensors = new Map([
    ["mean", { shape, data: mean }],
    ["deviation", { shape, data: deviation }],
  ]);
  await writeSafetensors(join(dir, standardFile), { tensors, metadata: { unreel: "standard" } });
}

/** @throws UnreelError `ERR_UNREEL_DETECTOR_INVALID` where it is not what {@link writeStandard} wrote for rows of `dims` */
export async function readStandard(dir: string, dims: number): Promise<Standard> {
  const { tensors } = await readSafetensors(join(dir, standardFile)).catch((error: unknown) => {
    throw damaged(dir, standardFile, error instanceof Error ? error.message : String(error), error);
  });
  const numbers = (name: string) => {
    const data = tensors.get(name)?.data;
    const fits = data instanceof Float64Array && data.length === dims && data.every(Number.isFinite);
    if (!fits) throw damaged(dir, standardFile, `${name} is not ${dims} finite numbers in float64`);
    return data;
  };
  const standard = { mean: numbers("mean"), deviation: numbers("deviation") };
  if (standard.deviation.every((each) => each > 0)) return standard;
  throw damaged(dir, standardFile, "a deviation is not above 0");
}
