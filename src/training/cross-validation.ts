import { UnreelRangeError } from "../errors.js";
import { abortable, nativeBinding } from "../native/load.js";
import { checkInteger, checkPositive } from "../validate.js";
import { groupedFolds } from "./folds.js";
import { checkLabels, checkRows, gammaOf, nativeSvmParameters, type SvmOptions } from "./svm-options.js";

/** Options of {@link crossValidateSvm}. */
export interface CrossValidateSvmOptions extends SvmOptions {
  /** One a row: the video, source or identity. Rows of a group are never on both sides. */
  readonly groups: ArrayLike<string | number>;
  /** Default 5. */
  readonly folds?: number;
  /** Of the folds. Default 1. */
  readonly seed?: number;
  /** C, or a grid of them. Default 1. */
  readonly c?: number | readonly number[];
  /** gamma, or a grid of them. Default 1. */
  readonly gamma?: number | "scale" | readonly number[];
  /** A kernel matrix up to this size, in MiB, is kept and shared by folds and Cs. Default 1024: 16,384 rows. `cacheMb` is
   * parted between the trainings that run side by side. */
  readonly matrixMb?: number;
  /** Seconds after which a single training throws. Default: none. */
  readonly maxSeconds?: number;
  /** Called after each training. */
  readonly onProgress?: (progress: { readonly done: number; readonly all: number }) => void;
}

/** One point of the grid. */
export interface CrossValidatedPoint {
  readonly c: number;
  /** 0 of the linear kernel. */
  readonly gamma: number;
  /** One a row, positive = fake: by the machine that saw none of the row's fold. */
  readonly values: Float64Array;
}

/**
 * Grouped cross-validation of a C-SVC over a grid of C and gamma. Folds have about the same share of either class. One
 * kernel matrix for each gamma serves all folds and Cs where it fits into `matrixMb`; trainings run side by side. Balanced
 * weights are those of all rows.
 *
 * The values come from the matrix's floats: within about 1e-7 times the sum of the coefficients' magnitudes of what
 * `decisionValues` of each fold's machine gives. For ranking, calibrating and choosing thresholds; not for bits.
 *
 * @throws UnreelError `ERR_UNREEL_TOO_FEW_GROUPS`, `ERR_UNREEL_ONE_CLASS` (details `fold`: without it one class is left),
 * and what {@link trainSvm} throws
 *
 * @example
 * ```ts
 * import { crossValidateSvm } from "unreel";
 *
 * const x = Float64Array.from({ length: 40 }, (_, i) => Math.sin(i) + (i % 2));
 * const labels = Int32Array.from({ length: 40 }, (_, i) => i % 2);
 * const groups = Array.from(labels, (_, i) => `video ${i >> 2}`);
 * const { points } = await crossValidateSvm(x, labels, { rows: 40, dims: 1, groups, c: [0.1, 1, 10] });
 * console.log(points.map(({ c, values }) => [c, values.length]));
 * ```
 */
export function crossValidateSvm(
  x: Float64Array | Float32Array,
  labels: Int32Array,
  options: CrossValidateSvmOptions,
): Promise<{ readonly folds: Int32Array; readonly points: readonly CrossValidatedPoint[] }> {
  const rows = checkInteger(options.rows, 1, "options.rows");
  const dims = checkInteger(options.dims, 1, "options.dims");
  checkRows(x, rows, dims, "x");
  checkLabels(labels, rows);
  if (options.groups.length !== rows) {
    throw new UnreelRangeError(`options.groups must have ${rows} elements, not ${options.groups.length}`);
  }
  const cs = gridOf(options.c ?? 1, "options.c").map((c) => checkPositive(c, "options.c"));
  const linear = options.kernel === "linear";
  const gammas = linear
    ? [0]
    : gridOf(options.gamma ?? 1, "options.gamma").map((gamma) => gammaOf(gamma, x, dims, "options.gamma"));
  const folds = groupedFolds(
    labels,
    options.groups,
    checkInteger(options.folds ?? 5, 2, "options.folds"),
    checkInteger(options.seed ?? 1, 0, "options.seed"),
  );
  const parameters = nativeSvmParameters(options, labels, cs[0] ?? 1, gammas[0] ?? 1);
  const plan = {
    folds,
    cs: Float64Array.from(cs),
    gammas: Float64Array.from(gammas),
    matrixMb: checkInteger(options.matrixMb ?? 1024, 0, "options.matrixMb"),
  };
  const { signal, onProgress = () => {} } = options;
  return abortable(signal, (token) =>
    nativeBinding().crossValidateSvm(x, labels, dims, parameters, plan, onProgress, token),
  ).then((values) => {
    const points = gammas.flatMap((gamma, g) =>
      cs.map((c, i) => {
        const at = (g * cs.length + i) * rows;
        return { c, gamma, values: values.subarray(at, at + rows) };
      }),
    );
    return { folds, points };
  });
}

function gridOf<T>(value: T | readonly T[], name: string): readonly T[] {
  const grid = Array.isArray(value) ? (value as readonly T[]) : [value as T];
  if (grid.length === 0) throw new UnreelRangeError(`${name} must name at least one value`);
  return grid;
}
