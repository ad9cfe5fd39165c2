import { availableParallelism } from "node:os";
import { UnreelError, UnreelTypeError } from "../errors.js";
import type { NativeHead, NativeHeadData, NativeHeadOptions } from "../native/binding.js";
import { awaitNative, nativeBinding, withSignal } from "../native/load.js";
import { readSafetensors, type Tensor, writeSafetensors } from "../safetensors.js";
import { checkInteger, checkPositive, checkRange, checkTyped, pathOf } from "../validate.js";

/** Rows that a head is trained on. */
export interface TrainingRows {
  /** rows x dimension, C order; embeddings as the encoder gives them. */
  readonly x: Float32Array;
  /** 1 = fake, 0 = real; one a row. */
  readonly labels: Int32Array;
  /** 1 for rows that choose the best epoch and train nothing, 0 for the others. Default: every row trains. */
  readonly validation?: Uint8Array;
  readonly rows: number;
  readonly dimension: number;
}

/** What one epoch came to. */
export interface EpochReport {
  /** From 1. */
  readonly epoch: number;
  /** Mean over the epoch's batches. */
  readonly loss: number;
  /** NaN where nothing is kept for validation. */
  readonly validationLoss: number;
  /** Mean pairwise cosine of the projected validation (else training) rows: near 1 means that they collapsed. */
  readonly meanCosine: number;
}

/** Options of {@link trainHead}. */
export interface TrainHeadOptions {
  /** Length of a projection. Default 128. */
  readonly dim?: number;
  /** Of the supervised contrastive loss. Default 0.07. */
  readonly temperature?: number;
  /** Default 30. */
  readonly epochs?: number;
  /** Rows a batch, at least 4, half of each class. Default 256. */
  readonly batch?: number;
  /** AdamW's, decaying to 0 along a cosine. Default 0.001. */
  readonly learningRate?: number;
  /** On weights, not on biases. Default 0.0001. */
  readonly weightDecay?: number;
  /** Same rows, options and seed: the same bytes. Default 1. */
  readonly seed?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (report: EpochReport) => void;
}

/** Where a head came from; kept in its file. */
export interface HeadOrigin {
  readonly bestEpoch: number;
  readonly history: readonly EpochReport[];
}

/**
 * A linear projection to unit vectors: u = W x + b, z = u / |u|.
 *
 * @example
 * ```ts
 * import { ProjectionHead } from "unreel";
 *
 * const head = await ProjectionHead.load("detector/head.safetensors");
 * const z = await head.project(new Float32Array(head.inputDimension).fill(1), { rows: 1 });
 * console.log(z.length === head.dimension);
 * ```
 */
export class ProjectionHead {
  readonly inputDimension: number;
  readonly dimension: number;
  /** dimension x inputDimension, C order. */
  readonly weight: Float32Array;
  readonly bias: Float32Array;
  readonly #native: NativeHead;

  /** @internal use {@link trainHead} or {@link ProjectionHead.load} */
  constructor(data: NativeHeadData) {
    this.inputDimension = data.inputDimension;
    this.dimension = data.dimension;
    this.weight = data.weight;
    this.bias = data.bias;
    this.#native = nativeBinding().createHead(data);
  }

  /**
   * Projects rows of embeddings to unit vectors.
   *
   * @param x rows x inputDimension, C order
   * @returns rows x dimension
   * @throws UnreelError `ERR_UNREEL_NOT_FINITE`
   */
  project(x: Float32Array, options: { readonly rows: number }): Promise<Float32Array> {
    const rows = checkInteger(options.rows, 0, "options.rows");
    checkTyped(x, Float32Array, rows * this.inputDimension, "x");
    return awaitNative(() => this.#native.project(x, rows));
  }

  /** Writes the head as safetensors: `weight` [dimension, inputDimension] and `bias` [dimension]. */
  save(file: string): Promise<void> {
    const tensors = new Map<string, Tensor>([
      ["weight", { shape: [this.dimension, this.inputDimension], data: this.weight }],
      ["bias", { shape: [this.dimension], data: this.bias }],
    ]);
    return writeSafetensors(pathOf(file, "file"), { tensors, metadata: { format: "unreel.head", kind: "linear" } });
  }

  /**
   * Reads a head that {@link ProjectionHead.save} wrote.
   *
   * @throws UnreelError `ERR_UNREEL_HEAD_INVALID`
   */
  static load(file: string): Promise<ProjectionHead> {
    return ProjectionHead.#read(pathOf(file, "file"));
  }

  static async #read(path: string): Promise<ProjectionHead> {
    const invalid = (why: string, cause?: unknown) =>
      new UnreelError(
        "ERR_UNREEL_HEAD_INVALID",
        `${path} is no projection head: ${why}. Train it again.`,
        { path },
        cause,
      );
    let tensors: ReadonlyMap<string, Tensor>;
    try {
      ({ tensors } = await readSafetensors(path));
    } catch (error) {
      throw invalid(error instanceof Error ? error.message : String(error), error);
    }
    const weight = tensors.get("weight");
    const bias = tensors.get("bias");
    if (weight === undefined || bias === undefined) throw invalid("it lacks the tensors weight and bias");
    const [dimension = 0, inputDimension = 0, ...more] = weight.shape;
    if (more.length > 0 || dimension < 1 || inputDimension < 1 || bias.data.length !== dimension) {
      throw invalid(`weight has shape [${weight.shape}] and bias [${bias.shape}]`);
    }
    if (![...weight.data, ...bias.data].every(Number.isFinite)) throw invalid("it holds NaN or infinite numbers");
    return new ProjectionHead({ inputDimension, dimension, weight: weight.data, bias: bias.data });
  }
}

/**
 * Trains a projection head with the supervised contrastive loss (L_out), AdamW and class-balanced batches. The best epoch
 * by validation loss is kept; without validation rows the best by training loss.
 *
 * @throws UnreelError `ERR_UNREEL_ONE_CLASS`, `…_NOT_FINITE`, `…_DIVERGED`, `…_ABORTED`
 *
 * @example
 * ```ts
 * import { trainHead } from "unreel";
 *
 * const x = Float32Array.from({ length: 8 * 3 }, (_, i) => Math.sin(i));
 * const labels = Int32Array.of(0, 0, 0, 0, 1, 1, 1, 1);
 * const head = await trainHead({ x, labels, rows: 8, dimension: 3 }, { dim: 2, epochs: 5, batch: 8 });
 * console.log(head.bestEpoch, (await head.project(x, { rows: 8 })).length);
 * ```
 */
export function trainHead(rows: TrainingRows, options: TrainHeadOptions = {}): Promise<ProjectionHead & HeadOrigin> {
  const count = checkInteger(rows.rows, 1, "rows.rows");
  const dims = checkInteger(rows.dimension, 1, "rows.dimension");
  checkTyped(rows.x, Float32Array, count * dims, "rows.x");
  checkTyped(rows.labels, Int32Array, count, "rows.labels");
  const validation = checkTyped(rows.validation ?? new Uint8Array(count), Uint8Array, count, "rows.validation");
  if (!rows.labels.every((label) => label === 0 || label === 1)) {
    throw new UnreelTypeError("rows.labels: every label must be 0 (real) or 1 (fake)");
  }
  const native = {
    dimension: checkInteger(options.dim ?? 128, 1, "options.dim"),
    temperature: checkPositive(options.temperature ?? 0.07, "options.temperature"),
    epochs: checkInteger(options.epochs ?? 30, 1, "options.epochs"),
    batch: checkInteger(options.batch ?? 256, 4, "options.batch"),
    learningRate: checkPositive(options.learningRate ?? 1e-3, "options.learningRate"),
    weightDecay: checkRange(options.weightDecay ?? 1e-4, 0, Number.MAX_VALUE, "options.weightDecay"),
    seed: checkInteger(options.seed ?? 1, 0, "options.seed"),
    threads: availableParallelism(),
  };
  return train({ ...rows, validation }, native, options);
}

async function train(
  { x, labels, validation, dimension }: Required<TrainingRows>,
  native: NativeHeadOptions,
  { onProgress, signal }: TrainHeadOptions,
): Promise<ProjectionHead & HeadOrigin> {
  const history: EpochReport[] = [];
  const onEpoch = (report: EpochReport) => {
    history.push(report);
    onProgress?.(report);
  };
  using abort = withSignal(signal);
  const { head, bestEpoch } = await abort.run(() =>
    nativeBinding().trainHead(x, labels, validation, dimension, native, onEpoch, abort.token),
  );
  return Object.assign(new ProjectionHead(head), { bestEpoch, history });
}
