import { UnreelError } from "../errors.js";
import type { NativeEpoch, NativeHeadOptions, NativeTrainerState } from "../native/binding.js";
import { readSafetensors, type Tensor, type TensorFile, writeSafetensors } from "../safetensors.js";
import { layersOf, tensorsOf } from "./head-layers.js";

/** Stands among the first bytes of a checkpoint. */
export const checkpointFormat = "unreel.checkpoint";

/** A training between two epochs. */
export type KeptState = NativeTrainerState & { readonly history: readonly NativeEpoch[] };

/** How large the parts of a run's state are. */
export interface StateSizes {
  /** Inputs and outputs of each layer. */
  readonly layers: readonly (readonly [number, number])[];
  /** Weights and bias of the classification term; 0 without one. */
  readonly classifier: number;
  /** Numbers that the optimizer keeps. */
  readonly optimizer: number;
}

/** Which training a checkpoint is of. */
export interface CheckpointedRun {
  /** Stands for the rows and options; another's state would not lead to the same bytes. */
  readonly run: string;
  readonly sizes: StateSizes;
}

/** The sizes of a training's state; `dims`: numbers of an embedding. */
export function sizesOf(options: NativeHeadOptions, dims: number): StateSizes {
  const { dimension, hidden, loss, learnTemperature, optimizer } = options;
  const layers: [number, number][] =
    hidden === 0
      ? [[dims, dimension]]
      : [
          [dims, hidden],
          [hidden, dimension],
        ];
  const classifier = loss.term === "none" ? 0 : dimension + 1;
  const weights = layers.reduce((sum, [width, out]) => sum + (width + 1) * out, 0);
  const moved = weights + classifier + (learnTemperature ? 1 : 0);
  // AdamW: two powers, and two moments of each number that moves; SGD: a velocity of each.
  return { layers, classifier, optimizer: optimizer === "adamw" ? 2 + 2 * moved : moved };
}

/** Writes a checkpoint as safetensors; a reader sees the one before or this one, never half of it. */
export function writeCheckpoint(path: string, state: KeptState, { run }: Pick<CheckpointedRun, "run">): Promise<void> {
  const tensors = new Map<string, Tensor>([
    ...tensorsOf(state.head.layers, "head."),
    ...tensorsOf(state.best.layers, "best."),
    ["classifier", { shape: [state.classifier.length], data: state.classifier }],
    ["optimizer", { shape: [state.optimizer.length], data: state.optimizer }],
  ]);
  const { epochs, steps, logScale, bestEpoch, history } = state;
  const metadata = {
    format: checkpointFormat,
    run,
    state: JSON.stringify({ epochs, steps, logScale, bestEpoch, history }),
  };
  return writeSafetensors(path, { tensors, metadata });
}

/**
 * Reads the checkpoint of a run.
 *
 * @returns undefined where there is none, or that of another run
 * @throws UnreelError `ERR_UNREEL_CHECKPOINT_INVALID`
 */
export async function readCheckpoint(path: string, { run, sizes }: CheckpointedRun): Promise<KeptState | undefined> {
  try {
    const file = await readSafetensors(path);
    const state = stateOf(file);
    if (file.metadata.run !== run) return undefined;
    requireSizes(state, sizes);
    return state;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    const why = error instanceof Error ? error.message : String(error);
    throw new UnreelError(
      "ERR_UNREEL_CHECKPOINT_INVALID",
      `${path} is no checkpoint of a training: ${why}. Delete it, and train again.`,
      { path },
      error,
    );
  }
}

/** The numbers of a state that are no tensors. */
type Counters = Pick<KeptState, "epochs" | "steps" | "logScale" | "bestEpoch" | "history">;

function stateOf({ tensors, metadata }: TensorFile): KeptState {
  if (metadata.format !== checkpointFormat) throw new Error("its metadata name another format");
  const counters = countersOf(JSON.parse(metadata.state ?? "{}"));
  const classifier = tensors.get("classifier")?.data;
  const optimizer = tensors.get("optimizer")?.data;
  if (!(classifier instanceof Float32Array) || !(optimizer instanceof Float64Array)) {
    throw new Error("it lacks the tensors classifier and optimizer");
  }
  const head = { layers: layersOf(tensors, "head.") };
  const best = { layers: layersOf(tensors, "best.") };
  return { ...counters, head, best, classifier, optimizer };
}

function countersOf({ epochs, steps, logScale, bestEpoch, history }: Partial<Counters>): Counters {
  if (!isCount(epochs) || !isCount(steps) || !isCount(bestEpoch) || bestEpoch > epochs || !isFiniteNumber(logScale)) {
    throw new Error("its metadata lack the state");
  }
  if (!Array.isArray(history) || history.length !== epochs) throw new Error(`its history is not of ${epochs} epochs`);
  return { epochs, steps, logScale, bestEpoch, history: history.map(reportOf) };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 1;
}

function isFiniteNumber(value: unknown): value is number {
  return Number.isFinite(value);
}

/** The numbers of an epoch beside its own. */
const reported = [
  "loss",
  "validationLoss",
  "auc",
  "meanCosine",
  "crossCosine",
  "alignment",
  "uniformity",
  "learningRate",
  "temperature",
] as const satisfies readonly (keyof NativeEpoch)[];

/** JSON has no NaN and says null. */
function reportOf(report: Partial<Record<keyof NativeEpoch, unknown>> | null, at: number): NativeEpoch {
  const numbers = reported.map((name) => [name, report?.[name] === null ? Number.NaN : report?.[name]] as const);
  const wrong = numbers.find(([, value]) => typeof value !== "number")?.[0];
  if (report?.epoch !== at + 1 || wrong !== undefined) {
    throw new Error(`its history has no ${wrong ?? "number"} of epoch ${at + 1}`);
  }
  return { epoch: at + 1, ...Object.fromEntries(numbers) } as NativeEpoch;
}

/** The run decides the sizes, so others are damage. */
function requireSizes({ head, best, classifier, optimizer }: KeptState, sizes: StateSizes): void {
  const shape = (layers: readonly (readonly [number, number])[]) =>
    layers.map((sides) => sides.join(" to ")).join(", ");
  for (const [name, { layers }] of Object.entries({ head, best })) {
    const seen = shape(layers.map((layer) => [layer.in, layer.out]));
    if (seen !== shape(sizes.layers)) throw new Error(`its ${name} is ${seen}, not ${shape(sizes.layers)}`);
  }
  for (const [name, data] of Object.entries({ classifier, optimizer })) {
    const wanted = sizes[name as "classifier" | "optimizer"];
    if (data.length !== wanted) throw new Error(`its ${name} has ${data.length} numbers, not ${wanted}`);
  }
}
