import { UnreelRangeError, UnreelTypeError } from "../errors.js";
import type { NativeSvmParameters } from "../native/binding.js";
import { checkInteger, checkOneOf, checkPositive, checkRange, checkTyped, shown } from "../validate.js";

/** The kernels of libsvm. x.y is a dot product; `gamma`, `coef0` and `degree` are {@link SvmOptions}' own. */
export type SvmKernel = "linear" | "polynomial" | "rbf" | "sigmoid";

/** `c-svc`, `nu-svc`: two classes; `one-class`: real rows alone, what is unlike them counts as fake. */
export type SvmFormulation = "c-svc" | "nu-svc" | "one-class";

/** What trainings and cross-validations of a support vector machine have in common. */
export interface SvmOptions {
  readonly rows: number;
  readonly dims: number;
  /**
   * Default `rbf`: exp(-gamma |x - y|^2). `linear`: x.y; `polynomial`: (gamma x.y + coef0)^degree; `sigmoid`:
   * tanh(gamma x.y + coef0).
   */
  readonly kernel?: SvmKernel;
  /** Of polynomial and sigmoid. Default 0. */
  readonly coef0?: number;
  /** Of polynomial. Default 3. */
  readonly degree?: number;
  /** Factors of C for each class, of `c-svc`. Default `balanced`: n / (2 n_class). */
  readonly classWeights?: "balanced" | { readonly real: number; readonly fake: number };
  /** The gap at which the solver ends. Default 0.001. */
  readonly epsilon?: number;
  /** MiB of kernel rows that the solver keeps at most; n rows have 4 n^2 bytes of them. The result does not depend on it. Default 1024. */
  readonly cacheMb?: number;
  /** Leave out variables that will probably not move again. Default true. */
  readonly shrinking?: boolean;
  /**
   * Default true: libsvm's answers in every bit. Of `c-svc`, false takes float matrix products for the kernels: faster,
   * and another solution within `epsilon`.
   */
  readonly exact?: boolean;
  /** Default: all cores. The result does not depend on it. */
  readonly threads?: number;
  /** Ends the solver within an iteration; the promise rejects with `ERR_UNREEL_ABORTED`. */
  readonly signal?: AbortSignal;
}

/** Options of {@link trainSvm}. */
export interface TrainSvmOptions extends SvmOptions {
  /** Default `c-svc`. */
  readonly formulation?: SvmFormulation;
  /** Of `c-svc`: above 0. Default 1. */
  readonly c?: number;
  /** Of `nu-svc` and `one-class`: in (0, 1]. Default 0.5. */
  readonly nu?: number;
  /**
   * Of all kernels but linear: above 0. Default 1, which suits unit vectors; `scale`: 1 / (dims x variance of all
   * numbers of x), as scikit-learn's.
   */
  readonly gamma?: number | "scale";
  /**
   * Default `none`. `libsvm`: libsvm's own probability = 1, for comparisons, through svm_train alone, which takes about
   * six trainings' time and no signal. Its cross-validation knows of no groups: frames of one video stand on both sides,
   * and the probabilities are too sure of themselves. A detector's calibration is made over groups instead.
   */
  readonly probability?: "none" | "libsvm";
  /** Of `probability`: the seed of C's rand(), which libsvm draws its folds by. Default 1, as svm-train has it. */
  readonly seed?: number;
  /** Of `c-svc`: the solver's limit, at which it throws. Default: libsvm's, 100 a row, at least 10 million. */
  readonly maxIterations?: number;
  /** Of `c-svc`: seconds after which the solver throws. Default: none. */
  readonly maxSeconds?: number;
  /** Of `c-svc`: called every thousand iterations. `gap`: the solver ends when it is below `epsilon`. */
  readonly onProgress?: (progress: { readonly iterations: number; readonly gap: number }) => void;
}

/** See {@link SvmKernel}. */
export const svmKernels = ["linear", "polynomial", "rbf", "sigmoid"] as const;
const formulations = ["c-svc", "nu-svc", "one-class"] as const;

/** Rows of features as the addon takes them. */
export function checkRows(x: unknown, rows: number, dims: number, name: string): Float32Array | Float64Array {
  if (x instanceof Float32Array) return checkTyped(x, Float32Array, rows * dims, name);
  if (x instanceof Float64Array) return checkTyped(x, Float64Array, rows * dims, name);
  throw new UnreelTypeError(`${name} must be a Float32Array or Float64Array, not ${shown(x)}`);
}

/** Labels, 1 = fake, 0 = real. */
export function checkLabels(labels: unknown, rows: number): Int32Array {
  const checked = checkTyped(labels as Int32Array, Int32Array, rows, "labels");
  if (!checked.every((label) => label === 0 || label === 1)) {
    throw new UnreelTypeError("labels: every label must be 0 (real) or 1 (fake)");
  }
  return checked;
}

/** True or false. */
export function checkFlag(value: unknown, name: string): boolean {
  if (typeof value !== "boolean") throw new UnreelTypeError(`${name} must be true or false, not ${shown(value)}`);
  return value;
}

/** Threads as the addon takes them: 0 stands for all cores. */
export function checkThreads(threads: unknown): number {
  return threads === undefined ? 0 : checkInteger(threads, 1, "options.threads");
}

/** 1 / (dims x variance), or the number that was given. */
export function gammaOf(gamma: unknown, x: Float32Array | Float64Array, dims: number, name: string): number {
  if (gamma !== "scale") return checkPositive(gamma, name);
  let sum = 0;
  for (const value of x) sum += value;
  const mean = sum / x.length;
  let squares = 0;
  for (const value of x) squares += (value - mean) ** 2;
  const variance = squares / x.length;
  // NaN and infinity are the addon's to refuse, with their place.
  if (!Number.isFinite(variance)) return 1;
  if (variance > 0) return 1 / (dims * variance);
  throw new UnreelRangeError(`${name}: "scale" needs numbers that vary; all of x are equal`);
}

/** The addon's parameters; `c` and `gamma` are checked by the caller, who may have a grid of them. */
export function nativeSvmParameters(
  options: Omit<TrainSvmOptions, "c" | "gamma" | "onProgress">,
  labels: Int32Array,
  c: number,
  gamma: number,
): NativeSvmParameters {
  const weights = classWeights(labels, options.classWeights ?? "balanced");
  const kernel = checkOneOf(options.kernel ?? "rbf", svmKernels, "options.kernel");
  const { maxSeconds } = options;
  return {
    formulation: checkOneOf(options.formulation ?? "c-svc", formulations, "options.formulation"),
    kernel,
    c,
    nu: checkRange(options.nu ?? 0.5, Number.MIN_VALUE, 1, "options.nu"),
    gamma: kernel === "linear" ? 0 : gamma,
    coef0: checkRange(options.coef0 ?? 0, -Number.MAX_VALUE, Number.MAX_VALUE, "options.coef0"),
    degree: kernel === "polynomial" ? checkInteger(options.degree ?? 3, 1, "options.degree") : 0,
    weightReal: checkPositive(weights.real, "options.classWeights.real"),
    weightFake: checkPositive(weights.fake, "options.classWeights.fake"),
    epsilon: checkPositive(options.epsilon ?? 1e-3, "options.epsilon"),
    cacheMb: checkPositive(options.cacheMb ?? 1024, "options.cacheMb"),
    shrinking: checkFlag(options.shrinking ?? true, "options.shrinking"),
    exact: checkFlag(options.exact ?? true, "options.exact"),
    libsvmProbability:
      checkOneOf(options.probability ?? "none", ["none", "libsvm"], "options.probability") === "libsvm",
    stream: checkInteger(options.seed ?? 1, 0, "options.seed"),
    threads: checkThreads(options.threads),
    maxIterations:
      options.maxIterations === undefined ? 0 : checkInteger(options.maxIterations, 1, "options.maxIterations"),
    maxSeconds: maxSeconds === undefined ? Number.POSITIVE_INFINITY : checkPositive(maxSeconds, "options.maxSeconds"),
  };
}

function classWeights(labels: Int32Array, wanted: "balanced" | { readonly real: number; readonly fake: number }) {
  if (wanted !== "balanced") return wanted;
  const fake = labels.reduce((sum, label) => sum + label, 0);
  const real = labels.length - fake;
  // One class alone is the addon's to refuse, with its own code.
  return { real: labels.length / (2 * Math.max(real, 1)), fake: labels.length / (2 * Math.max(fake, 1)) };
}
