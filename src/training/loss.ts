import { UnreelTypeError } from "../errors.js";
import type { NativeLossOptions } from "../native/binding.js";
import { awaitNative, nativeBinding } from "../native/load.js";
import { checkInteger, checkOneOf, checkPositive, checkRange, checkTyped } from "../validate.js";

/** The names of the losses; what each one does stands in docs/losses.md. */
export const lossNames = ["supcon", "align-uniform", "triplet", "margin", "single-centre"] as const;

/** The name of a loss. */
export type LossName = (typeof lossNames)[number];

const termNames = ["none", "cross-entropy", "hinge"] as const;
const miningNames = ["hard", "all"] as const;

/** A loss of a linear classifier on the unit rows, added to any contrastive one. Labels must then be 0 and 1. */
export interface LossTermSettings {
  /** Default `none`. */
  readonly term?: (typeof termNames)[number];
  /** Factor of the term, at least 0. Default 1. */
  readonly termWeight?: number;
}

/** The supervised contrastive loss L_out (Khosla et al. 2020, eq. 2). */
export interface SupconSettings extends LossTermSettings {
  readonly loss?: "supcon";
  /** Default 0.07. */
  readonly temperature?: number;
  /** Multiplies the loss by temperature / baseTemperature. Default: no such factor. */
  readonly baseTemperature?: number;
}

/** Alignment of a class and uniformity of all rows (Wang & Isola 2020). */
export interface AlignUniformSettings extends LossTermSettings {
  readonly loss: "align-uniform";
  /** Power of the distance within a class, from 1 to 8. Default 2. */
  readonly alignAlpha?: number;
  /** At least 0. Default 1. */
  readonly alignWeight?: number;
  /** At least 0. Default 1. */
  readonly uniformWeight?: number;
  /** How fast rows stop repelling each other, above 0 and at most 100. Default 2. */
  readonly uniformT?: number;
}

/** The triplet loss (Hermans et al. 2017). */
export interface TripletSettings extends LossTermSettings {
  readonly loss: "triplet";
  /** A distance of unit vectors, above 0 and at most 2. Default 0.3. */
  readonly margin?: number;
  /** Each anchor's farthest positive and nearest negative (`hard`, the default), or every triplet (`all`). */
  readonly mining?: (typeof miningNames)[number];
}

/** The pairwise contrastive loss (Hadsell et al. 2006). */
export interface MarginSettings extends LossTermSettings {
  readonly loss: "margin";
  /** A distance of unit vectors, above 0 and at most 2. Default 1. */
  readonly margin?: number;
}

/** The single-centre loss (Li et al. 2021). Labels must be 0 (real) and 1 (fake). */
export interface SingleCentreSettings extends LossTermSettings {
  readonly loss: "single-centre";
  /** A distance of unit vectors, above 0 and at most 2. Default 0.3. */
  readonly margin?: number;
}

/** Which loss, and its numbers. One that belongs to another loss is refused. */
export type LossSettings =
  | SupconSettings
  | AlignUniformSettings
  | TripletSettings
  | MarginSettings
  | SingleCentreSettings;

/** The options that each loss has of its own. */
const ownOptions: Readonly<Record<LossName, readonly string[]>> = {
  supcon: ["temperature", "baseTemperature"],
  "align-uniform": ["alignAlpha", "alignWeight", "uniformWeight", "uniformT"],
  triplet: ["margin", "mining"],
  margin: ["margin"],
  "single-centre": ["margin"],
};

function refuseOthers(loss: LossName, given: Readonly<Record<string, unknown>>, name: string): void {
  const own = ownOptions[loss];
  const foreign = Object.values(ownOptions)
    .flat()
    .find((key) => given[key] !== undefined && !own.includes(key));
  if (foreign === undefined) return;
  throw new UnreelTypeError(`${name}.${foreign} is no option of the loss ${loss}, which has ${own.join(", ")}`);
}

/**
 * Checks the settings of a loss and fills in what is left out.
 *
 * @param name the argument as the caller wrote it, for messages
 * @throws UnreelTypeError, UnreelRangeError
 * @internal
 */
export function nativeLoss(settings: LossSettings, name = "options"): NativeLossOptions {
  const given: Readonly<Record<string, unknown>> = { ...settings };
  const loss = checkOneOf(given.loss ?? "supcon", lossNames, `${name}.loss`);
  refuseOthers(loss, given, name);
  const term = checkOneOf(given.term ?? "none", termNames, `${name}.term`);
  if (term === "none" && given.termWeight !== undefined) {
    throw new UnreelTypeError(`${name}.termWeight has no meaning without ${name}.term`);
  }
  const weight = (key: string) => checkRange(given[key] ?? 1, 0, Number.MAX_VALUE, `${name}.${key}`);
  const above = (key: string, or: number) => checkPositive(given[key] ?? or, `${name}.${key}`);
  const upTo = (key: string, or: number, most: number) => checkRange(above(key, or), 0, most, `${name}.${key}`);
  return {
    loss,
    temperature: above("temperature", 0.07),
    baseTemperature: given.baseTemperature === undefined ? 0 : above("baseTemperature", 0),
    alignAlpha: checkRange(given.alignAlpha ?? 2, 1, 8, `${name}.alignAlpha`),
    alignWeight: weight("alignWeight"),
    uniformWeight: weight("uniformWeight"),
    uniformT: upTo("uniformT", 2, 100),
    margin: upTo("margin", loss === "margin" ? 1 : 0.3, 2),
    mining: checkOneOf(given.mining ?? "hard", miningNames, `${name}.mining`),
    term,
    termWeight: weight("termWeight"),
  };
}

/** Whether a loss takes the labels 0 (real) and 1 (fake) alone. @internal */
export function wantsBinaryLabels({ loss, term }: NativeLossOptions): boolean {
  return loss === "single-centre" || term !== "none";
}

/** Options of {@link contrastiveLoss}. */
export type ContrastiveLossOptions = LossSettings & {
  readonly rows: number;
  readonly dims: number;
  /** With a term, and only then: `dims` weights, then the bias. The score of a row is w . z + b, above 0 for fake. */
  readonly classifier?: Float32Array;
};

/** A loss and what it moves with. */
export interface ContrastiveLoss {
  readonly loss: number;
  /** By the un-normalised rows: rows x dims. */
  readonly gradient: Float32Array;
  /** Of `supcon`: by 1 / temperature. */
  readonly temperatureGradient?: number;
  /** With a term: by the classifier, dims + 1. */
  readonly classifierGradient?: Float32Array;
}

/**
 * A contrastive loss of a batch and its exact gradient; `supcon` unless told otherwise.
 *
 * @param embeddings rows x dims, C order; normalised inside
 * @param labels one class a row; 0 (real) and 1 (fake) for `single-centre` and with a term
 * @throws UnreelError `ERR_UNREEL_NOT_FINITE`
 *
 * @example
 * ```ts
 * import { contrastiveLoss } from "unreel";
 *
 * const rows = Float32Array.of(1, 0, 0.9, 0.1, 0, 1, 0.1, 0.9);
 * const labels = Int32Array.of(0, 0, 1, 1);
 * const { loss, gradient } = await contrastiveLoss(rows, labels, { rows: 4, dims: 2 });
 * console.log(loss > 0, gradient.length);
 *
 * const triplets = await contrastiveLoss(rows, labels, { rows: 4, dims: 2, loss: "triplet", margin: 0.5 });
 * console.log(triplets.loss);
 * ```
 */
export function contrastiveLoss(
  embeddings: Float32Array,
  labels: Int32Array,
  options: ContrastiveLossOptions,
): Promise<ContrastiveLoss> {
  const rows = checkInteger(options.rows, 1, "options.rows");
  const dims = checkInteger(options.dims, 1, "options.dims");
  const native = nativeLoss(options);
  checkTyped(embeddings, Float32Array, rows * dims, "embeddings");
  checkTyped(labels, Int32Array, rows, "labels");
  if (wantsBinaryLabels(native) && !labels.every((label) => label === 0 || label === 1)) {
    throw new UnreelTypeError("labels: every label must be 0 (real) or 1 (fake) for this loss");
  }
  const classifier = checkClassifier(options, native, dims);
  return awaitNative(() => nativeBinding().contrastiveLoss(embeddings, labels, rows, dims, native, classifier));
}

function checkClassifier(
  { classifier }: ContrastiveLossOptions,
  { term }: NativeLossOptions,
  dims: number,
): Float32Array {
  if (term !== "none") return checkTyped(classifier, Float32Array, dims + 1, "options.classifier");
  if (classifier === undefined) return new Float32Array(0);
  throw new UnreelTypeError("options.classifier has no meaning without options.term");
}
