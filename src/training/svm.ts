import type { NativeSvm } from "../native/binding.js";
import { abortable, awaitNative, nativeBinding } from "../native/load.js";
import { checkInteger, checkPositive, pathOf } from "../validate.js";
import {
  checkFlag,
  checkLabels,
  checkRows,
  checkThreads,
  gammaOf,
  nativeSvmParameters,
  type SvmFormulation,
  type SvmKernel,
  type TrainSvmOptions,
} from "./svm-options.js";

/** A support vector machine. Immutable; calls may overlap. */
export class Svm {
  readonly #native: NativeSvm;

  /** @internal use {@link trainSvm} or {@link Svm.load} */
  constructor(native: NativeSvm) {
    this.#native = native;
  }

  get formulation(): SvmFormulation {
    return this.#native.formulation;
  }

  get kernel(): SvmKernel {
    return this.#native.kernel;
  }

  /** Of the kernel; 0 of linear. */
  get gamma(): number {
    return this.#native.gamma;
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

  /** What each support vector's kernel is multiplied by in a decision value; positive = towards fake. */
  get coefficients(): Float64Array {
    return this.#native.coefficients();
  }

  /** What is taken from the sum of kernels: decision value = sum of coefficient x kernel - rho. */
  get rho(): number {
    return this.#native.rho;
  }

  /**
   * Decision values: positive = fake. By default equal to libsvm's to the last bit. With `exact: false` by float matrix
   * products, several times as fast: of unit rows, a decision value is off by at most 4e-7 times the sum of the
   * coefficients' magnitudes, in practice by about 1e-5; a linear machine is one weight vector then.
   *
   * @param x rows x dims, C order
   * @param options threads: default all cores; the result does not depend on it
   * @throws UnreelError `ERR_UNREEL_NOT_FINITE`, with `exact: false` also for numbers beyond float's range
   */
  decisionValues(
    x: Float64Array | Float32Array,
    options: { readonly rows: number; readonly exact?: boolean; readonly threads?: number },
  ): Promise<Float64Array> {
    const rows = checkInteger(options.rows, 0, "options.rows");
    const checked = checkRows(x, rows, this.dims, "x");
    const threads = checkThreads(options.threads);
    const exact = checkFlag(options.exact ?? true, "options.exact");
    return awaitNative(() => this.#native.decisionValues(checked, rows, exact, threads));
  }

  /**
   * P(fake) by the machine's own sigmoid: svm_predict_probability's in every bit. Only machines trained with
   * `probability: "libsvm"`, or loaded from a file of `svm-train -b 1`, have one.
   *
   * @throws UnreelError `ERR_UNREEL_INVALID_ARGUMENT` where there is none, `ERR_UNREEL_NOT_FINITE`
   */
  probabilities(
    x: Float64Array | Float32Array,
    options: { readonly rows: number; readonly threads?: number },
  ): Promise<Float64Array> {
    const rows = checkInteger(options.rows, 0, "options.rows");
    const checked = checkRows(x, rows, this.dims, "x");
    const threads = checkThreads(options.threads);
    return awaitNative(() => this.#native.probabilities(checked, rows, threads));
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
 * Trains a support vector machine with libsvm's own solver, on kernel rows of unreel's: coefficients, rho and support
 * vectors are svm-train's in every bit, unless `exact` is false.
 *
 * @param x rows x dims, C order
 * @param labels 1 = fake, 0 = real; one a row. Of `one-class` all are 0.
 * @throws UnreelError `ERR_UNREEL_ONE_CLASS`, `ERR_UNREEL_NOT_FINITE` (row and column), `ERR_UNREEL_DIVERGED`,
 * `ERR_UNREEL_NOT_CONVERGED` (details `iterations` and `gap`), `ERR_UNREEL_ABORTED`
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
  checkRows(x, rows, dims, "x");
  checkLabels(labels, rows);
  const c = checkPositive(options.c ?? 1, "options.c");
  const gamma = gammaOf(options.gamma ?? 1, x, dims, "options.gamma");
  const parameters = nativeSvmParameters(options, labels, c, gamma);
  const { signal, onProgress = () => {} } = options;
  return abortable(signal, (token) => nativeBinding().trainSvm(x, labels, dims, parameters, onProgress, token)).then(
    (native) => new Svm(native),
  );
}
