import { UnreelTypeError } from "../errors.js";
import type { NativeSvm } from "../native/binding.js";
import { awaitNative, nativeBinding } from "../native/load.js";
import { checkInteger, checkOneOf, checkPositive, checkTyped, pathOf } from "../validate.js";

/** Options of {@link trainSvm}. */
export interface TrainSvmOptions {
  readonly rows: number;
  readonly dims: number;
  /** Default `rbf`. */
  readonly kernel?: "linear" | "rbf";
  /** Default 1. */
  readonly c?: number;
  /** rbf: K(x, y) = exp(-gamma |x - y|^2). Default 1, which suits unit vectors. */
  readonly gamma?: number;
  /** Factors of C for each class. Default `balanced`: n / (2 n_class). */
  readonly classWeights?: "balanced" | { readonly real: number; readonly fake: number };
}

/** A support vector machine (C-SVC). Immutable; calls may overlap. */
export class Svm {
  readonly #native: NativeSvm;

  /** @internal use {@link trainSvm} or {@link Svm.load} */
  constructor(native: NativeSvm) {
    this.#native = native;
  }

  get kernel(): "linear" | "rbf" {
    return this.#native.kernel === "rbf" ? "rbf" : "linear";
  }

  /** Length of a row. */
  get dims(): number {
    return this.#native.dims;
  }

  /** One row a support vector, `dims` long, C order. */
  get supportVectors(): Float64Array {
    return this.#native.supportVectors();
  }

  get supportVectorCount(): number {
    return this.#native.supportVectorCount;
  }

  /**
   * Decision values: positive = fake. Equal to libsvm's to the last bit.
   *
   * @param x rows x dims, C order
   * @throws UnreelError `ERR_UNREEL_NOT_FINITE`
   */
  decisionValues(x: Float64Array | Float32Array, options: { readonly rows: number }): Promise<Float64Array> {
    const rows = checkInteger(options.rows, 0, "options.rows");
    const wide = x instanceof Float32Array ? Float64Array.from(x) : x;
    checkTyped(wide, Float64Array, rows * this.dims, "x");
    return awaitNative(() => this.#native.decisionValues(wide, rows));
  }

  /** Writes libsvm's text format with 17 significant digits everywhere, which svm-predict reads. */
  save(file: string): Promise<void> {
    const path = pathOf(file, "file");
    return awaitNative(() => this.#native.save(path));
  }

  /**
   * Reads libsvm's text format, written here or by svm-train. Labels 1 = fake, 0 or -1 = real, in any order.
   *
   * @throws UnreelError `ERR_UNREEL_SVM_INVALID` with the line, `ERR_UNREEL_NOT_FOUND`
   */
  static load(file: string): Promise<Svm> {
    const path = pathOf(file, "file");
    return awaitNative(() => nativeBinding().loadSvm(path)).then((native) => new Svm(native));
  }
}

/**
 * Trains a support vector machine with libsvm's own solver.
 *
 * @param x rows x dims, C order
 * @param labels 1 = fake, 0 = real; one a row
 * @throws UnreelError `ERR_UNREEL_ONE_CLASS`, `ERR_UNREEL_NOT_FINITE` (row and column)
 *
 * @example
 * ```ts
 * import { trainSvm } from "unreel";
 *
 * const x = Float64Array.of(0, 0, 0, 1, 1, 0, 1, 1);
 * const svm = await trainSvm(x, Int32Array.of(0, 0, 1, 1), { rows: 4, dims: 2, kernel: "linear" });
 * const [value = 0] = await svm.decisionValues(Float64Array.of(0.9, 0.5), { rows: 1 });
 * console.log(value > 0);
 * ```
 */
export function trainSvm(x: Float64Array | Float32Array, labels: Int32Array, options: TrainSvmOptions): Promise<Svm> {
  const rows = checkInteger(options.rows, 1, "options.rows");
  const dims = checkInteger(options.dims, 1, "options.dims");
  const wide = x instanceof Float32Array ? Float64Array.from(x) : x;
  checkTyped(wide, Float64Array, rows * dims, "x");
  checkTyped(labels, Int32Array, rows, "labels");
  if (!labels.every((label) => label === 0 || label === 1)) {
    throw new UnreelTypeError("labels: every label must be 0 (real) or 1 (fake)");
  }
  const weights = classWeights(labels, options.classWeights ?? "balanced");
  const native = {
    kernel: checkOneOf(options.kernel ?? "rbf", ["linear", "rbf"], "options.kernel"),
    c: checkPositive(options.c ?? 1, "options.c"),
    gamma: checkPositive(options.gamma ?? 1, "options.gamma"),
    weightReal: checkPositive(weights.real, "options.classWeights.real"),
    weightFake: checkPositive(weights.fake, "options.classWeights.fake"),
  };
  return awaitNative(() => nativeBinding().trainSvm(wide, labels, dims, native)).then((trained) => new Svm(trained));
}

function classWeights(labels: Int32Array, wanted: "balanced" | { readonly real: number; readonly fake: number }) {
  if (wanted !== "balanced") return wanted;
  const fake = labels.reduce((sum, label) => sum + label, 0);
  const real = labels.length - fake;
  // One class alone is libsvm's to refuse, with its own code.
  return { real: labels.length / (2 * Math.max(real, 1)), fake: labels.length / (2 * Math.max(fake, 1)) };
}
