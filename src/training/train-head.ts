import { createHash } from "node:crypto";
import { availableParallelism } from "node:os";
import { UnreelError, UnreelRangeError, UnreelTypeError } from "../errors.js";
import type { NativeHeadOptions, NativeRowSource, NativeTrainerState, NativeTrainingRows } from "../native/binding.js";
import { nativeBinding, toUnreelError, withSignal } from "../native/load.js";
import { checkInteger, checkOneOf, checkPositive, checkRange, checkTyped, pathOf, shown } from "../validate.js";
import { sizesOf } from "./checkpoint.js";
import { CheckpointFile } from "./checkpoint-file.js";
import { type HeadMetadata, ProjectionHead } from "./head.js";
import { type LossSettings, nativeLoss } from "./loss.js";

/** Rows that a head is trained on. */
export interface TrainingRows {
  /** rows x dimension, C order; embeddings as the encoder gives them. */
  readonly x: Float32Array;
  /** 1 = fake, 0 = real; one a row. */
  readonly labels: Int32Array;
  /** 1 for rows that choose the best epoch and train nothing, 0 for the others. Default: every row trains. */
  readonly validation?: Uint8Array;
  /** Which video each row is of. Default: each is its own. */
  readonly videos?: Uint32Array;
  /** Which source clip each row goes back to: a real video and the fakes made from it share one. Default: unknown. */
  readonly groups?: Uint32Array;
  readonly rows: number;
  readonly dimension: number;
  /**
   * How many numbers of a row come from each encoder, summing up to `dimension`. Where they are given, the head trains on
   * standardised features: each with mean 0 and deviation 1 over the training rows, then each block with the same weight.
   * The head that comes out takes rows as they are. Default: features are taken as they are.
   */
  readonly blocks?: readonly number[];
}

/** What one epoch came to. Numbers that need pairs which are not there are NaN. */
export interface EpochReport {
  /** From 1. */
  readonly epoch: number;
  /** Mean over the epoch's batches. */
  readonly loss: number;
  /** NaN where nothing is kept for validation. The best epoch is that of the lowest. */
  readonly validationLoss: number;
  /**
   * Of the validation (else training) videos, each scored by its rows' mean cosine with the direction from the training
   * reals to the training fakes. What follows is of the same rows.
   */
  readonly auc: number;
  /** Mean pairwise cosine of the projections. */
  readonly meanCosine: number;
  /** The same over pairs of a real and a fake. Above 0.99 the head has collapsed, and the epoch is not reported. */
  readonly crossCosine: number;
  /** Mean squared distance of two rows of one class, 0 to 4 (Wang and Isola 2020). */
  readonly alignment: number;
  /** Log of the mean Gaussian potential exp(-2 d^2) of two rows, -8 to 0; 0 is one point (Wang and Isola 2020). */
  readonly uniformity: number;
  /** At the epoch's last step. */
  readonly learningRate: number;
  /** After the epoch; it moves only with `learnTemperature`. */
  readonly temperature: number;
}

/** Options of {@link trainHead}: which loss, its numbers, and how the head is made and trained. */
export type TrainHeadOptions = LossSettings & HeadTrainingSettings;

/** How a head is made and trained, whatever the loss. */
export interface HeadTrainingSettings {
  /** Length of a projection. Default 128. */
  readonly dim?: number;
  /** `linear` (default), or `mlp`: linear, ReLU, linear. */
  readonly head?: "linear" | "mlp";
  /** Units of the MLP's hidden layer; refused with a linear head. Default: the length of an embedding. */
  readonly hidden?: number;
  /** Share of the last layer's inputs that each training step drops, below 1. Default 0. */
  readonly dropout?: number;
  /** With the loss `supcon`: trains the temperature too, from `temperature` on, never below 0.01. Default false. */
  readonly learnTemperature?: boolean;
  /** Default 30. */
  readonly epochs?: number;
  /** Rows a batch, at least 4, half of each class. Default 256. */
  readonly batch?: number;
  /** Rows of one video that stand in a batch together, at most; beside them as many of their group's other class. Default 4. */
  readonly framesPerVideo?: number;
  /** `adamw` (default) or `sgd` with `momentum`. */
  readonly optimizer?: "adamw" | "sgd";
  /** Of `sgd`, below 1. Default 0.9. */
  readonly momentum?: number;
  /** Reached after the warm-up, decays to 0 along a cosine. Default 0.001. */
  readonly learningRate?: number;
  /** Share of the steps in which the rate rises, below 1. Default 0.05. */
  readonly warmUp?: number;
  /** On weights, not on biases. Default 0.0001. */
  readonly weightDecay?: number;
  /** A step's gradient is scaled down to this length. Default 0: as it is. */
  readonly clipNorm?: number;
  /** Epochs without a better validation loss before it ends; 0 for never. Default 10. */
  readonly patience?: number;
  /** Same rows, options and seed: the same bytes. Default 1. */
  readonly seed?: number;
  /** Default: all cores. The bytes do not depend on it. */
  readonly threads?: number;
  /** Ends at once and rejects with `ERR_UNREEL_ABORTED`. */
  readonly signal?: AbortSignal;
  /** Ends at the next batch and gives the best head so far; rejects with `ERR_UNREEL_ABORTED` before the first epoch's end. */
  readonly stop?: AbortSignal;
  /**
   * A file that keeps the training after each epoch. Where it is there already and of the same rows and options, the
   * training goes on from it, to the same bytes; one of others is replaced. It stays when the training ends.
   */
  readonly checkpoint?: string;
  /** Called once where the training goes on from a checkpoint, with the epochs that are done. */
  readonly onResume?: (epochs: number) => void;
  readonly onProgress?: (report: EpochReport) => void;
}

/** Where a head came from. */
export interface HeadOrigin {
  readonly bestEpoch: number;
  readonly history: readonly EpochReport[];
  /** After all epochs; after `patience`; or by `stop`. */
  readonly end: "finished" | "early" | "stopped";
}

/** A training that cannot be gone on with. `code` is `ERR_UNREEL_DIVERGED` or `ERR_UNREEL_COLLAPSED`. */
export class TrainingError extends UnreelError {
  /** The best head of the epochs before; undefined where it was the first. */
  readonly best: (ProjectionHead & Omit<HeadOrigin, "end">) | undefined;

  constructor(failure: UnreelError, best: TrainingError["best"]) {
    super(failure.code, failure.message, failure.details);
    this.name = "TrainingError";
    this.best = best;
  }
}

/**
 * Trains a projection head with a contrastive loss on class-balanced batches: half of each is real and half fake, and a
 * fake stands beside the real that it was made from where `groups` say so. The best epoch by validation loss (by training
 * loss without validation rows) is kept. Runs off the JavaScript thread.
 *
 * @throws UnreelError `ERR_UNREEL_ONE_CLASS`, `ERR_UNREEL_NOT_FINITE` (row and column), `ERR_UNREEL_CHECKPOINT_INVALID`;
 *   {@link TrainingError} with `ERR_UNREEL_DIVERGED` or `ERR_UNREEL_COLLAPSED` and the best head before
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
  if (!rows.labels.every((label) => label === 0 || label === 1)) {
    throw new UnreelTypeError("rows.labels: every label must be 0 (real) or 1 (fake)");
  }
  const validation = checkTyped(rows.validation ?? new Uint8Array(count), Uint8Array, count, "rows.validation");
  const videos = checkTyped(
    rows.videos ?? Uint32Array.from({ length: count }, (_, row) => row),
    Uint32Array,
    count,
    "rows.videos",
  );
  const groups = checkTyped(rows.groups ?? new Uint32Array(0), Uint32Array, rows.groups ? count : 0, "rows.groups");
  const blocks = (rows.blocks ?? []).map((block, at) => checkInteger(block, 1, `rows.blocks[${at}]`));
  if (rows.blocks !== undefined && blocks.reduce((sum, block) => sum + block, 0) !== dims) {
    throw new UnreelRangeError(`rows.blocks must sum up to rows.dimension, ${dims}, not [${blocks}]`);
  }
  const checkpoint = options.checkpoint === undefined ? undefined : pathOf(options.checkpoint, "options.checkpoint");
  const native = nativeHeadOptions(options, dims);
  // The addon copies what it is given when it is called; a checkpoint is read before.
  const own = <T extends { slice(): T }>(column: T): T => (checkpoint === undefined ? column : column.slice());
  const x = own(rows.x);
  const identity = () => createHash("sha256").update(bytesOf(x)).digest("hex");
  const data: TrainingData = {
    source: { x, rows: count, dims },
    rows: { labels: own(rows.labels), validation: own(validation), videos: own(videos), groups: own(groups) },
    blocks,
    identity,
  };
  return runTraining(data, native, {
    ...options,
    ...(checkpoint !== undefined && { checkpoint }),
  });
}

/** What a training reads. */
export interface TrainingData {
  readonly source: NativeRowSource;
  readonly rows: NativeTrainingRows;
  /** How many numbers of a row come from each encoder, where rows are to be standardised; empty: as they are. */
  readonly blocks: readonly number[];
  /** Stands for the source's numbers. Asked for only where there is a checkpoint. */
  readonly identity: () => string;
}

/** Checks the options. @throws UnreelTypeError, UnreelRangeError */
export function nativeHeadOptions(options: TrainHeadOptions, dims: number): NativeHeadOptions {
  const below1 = (value: unknown, name: string) => checkRange(value, 0, 1 - Number.EPSILON, name);
  const mlp = checkOneOf(options.head ?? "linear", ["linear", "mlp"], "options.head") === "mlp";
  if (!mlp && options.hidden !== undefined) {
    throw new UnreelTypeError("options.hidden has no meaning with the head linear");
  }
  const hidden = checkInteger(options.hidden ?? dims, 1, "options.hidden");
  const loss = nativeLoss(options);
  const { learnTemperature = false } = options;
  if (typeof learnTemperature !== "boolean") {
    throw new UnreelTypeError(`options.learnTemperature must be true or false, not ${shown(learnTemperature)}`);
  }
  if (learnTemperature && loss.loss !== "supcon") {
    throw new UnreelTypeError(`options.learnTemperature has no meaning with the loss ${loss.loss}`);
  }
  return {
    dimension: checkInteger(options.dim ?? 128, 1, "options.dim"),
    hidden: mlp ? hidden : 0,
    dropout: below1(options.dropout ?? 0, "options.dropout"),
    loss,
    learnTemperature,
    epochs: checkInteger(options.epochs ?? 30, 1, "options.epochs"),
    batch: checkInteger(options.batch ?? 256, 4, "options.batch"),
    framesPerVideo: checkInteger(options.framesPerVideo ?? 4, 1, "options.framesPerVideo"),
    optimizer: checkOneOf(options.optimizer ?? "adamw", ["adamw", "sgd"], "options.optimizer"),
    momentum: below1(options.momentum ?? 0.9, "options.momentum"),
    learningRate: checkPositive(options.learningRate ?? 1e-3, "options.learningRate"),
    warmUp: below1(options.warmUp ?? 0.05, "options.warmUp"),
    weightDecay: checkRange(options.weightDecay ?? 1e-4, 0, Number.MAX_VALUE, "options.weightDecay"),
    clipNorm: checkRange(options.clipNorm ?? 0, 0, Number.MAX_VALUE, "options.clipNorm"),
    patience: checkInteger(options.patience ?? 10, 0, "options.patience"),
    seed: checkInteger(options.seed ?? 1, 0, "options.seed"),
    threads: checkInteger(options.threads ?? availableParallelism(), 1, "options.threads"),
  };
}

/** Trains, or goes on from the checkpoint. */
export async function runTraining(
  data: TrainingData,
  native: NativeHeadOptions,
  { signal, stop, checkpoint, onResume, onProgress }: HeadTrainingSettings,
): Promise<ProjectionHead & HeadOrigin> {
  using abort = withSignal(signal);
  const file =
    checkpoint === undefined
      ? undefined
      : new CheckpointFile(checkpoint, { run: runOf(data, native), sizes: sizesOf(native, data.source.dims) }, () =>
          abort.token.cancel(),
        );
  const from = file === undefined ? undefined : await file.read();
  if (from !== undefined) onResume?.(from.epochs);
  const history: EpochReport[] = [...(from?.history ?? [])];
  const onEpoch = ({ report, state }: { report: EpochReport; state?: NativeTrainerState }) => {
    history.push(report);
    if (state !== undefined) file?.keep({ ...state, history: [...history] });
    onProgress?.(report);
  };
  using stopping = withSignal(stop);
  if (stop?.aborted) stopping.token.cancel();
  const { source, rows, blocks } = data;
  const result = await abort
    .run(() =>
      nativeBinding().trainHead(
        source,
        rows,
        Uint32Array.from(blocks),
        { ...native, keepStates: file !== undefined },
        onEpoch,
        abort.token,
        stopping.token,
        from,
      ),
    )
    .finally(() => file?.settled());
  const { head, state, end, failure } = result;
  const origin = { bestEpoch: state.bestEpoch, history };
  const best =
    head === undefined
      ? undefined
      : Object.assign(
          new ProjectionHead(head, metadataOf(native, history[state.bestEpoch - 1], state.bestEpoch)),
          origin,
        );
  if (failure !== undefined || best === undefined || end === "collapsed" || end === "diverged") {
    throw new TrainingError(toUnreelError(failure) as UnreelError, best);
  }
  return Object.assign(best, { end });
}

/** What a head's file says of its training. */
function metadataOf({ loss, seed }: NativeHeadOptions, best: EpochReport | undefined, epoch: number): HeadMetadata {
  return {
    loss: loss.loss,
    ...(loss.loss === "supcon" && { temperature: String(best?.temperature ?? loss.temperature) }),
    ...(loss.term !== "none" && { term: loss.term }),
    epoch: String(epoch),
    seed: String(seed),
  };
}

/** Stands for the rows and options of a training: the same run leads to the same bytes. */
function runOf({ identity, rows, blocks }: TrainingData, { threads: _, ...options }: NativeHeadOptions): string {
  const hash = createHash("sha256").update(JSON.stringify([options, blocks, identity()]));
  for (const column of [rows.labels, rows.validation, rows.videos, rows.groups]) hash.update(bytesOf(column));
  return hash.digest("hex");
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
