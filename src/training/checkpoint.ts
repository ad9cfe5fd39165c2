import { UnreelError } from "../errors.js";
import type { NativeEpoch, NativeTrainerState } from "../native/binding.js";
import { readSafetensors, type Tensor, type TensorFile, writeSafetensors } from "../safetensors.js";
import { layersOf, tensorsOf } from "./head-layers.js";

const format = "unreel.checkpoint";

/** A training between two epochs. */
export type KeptState = NativeTrainerState & { readonly history: readonly NativeEpoch[] };

/** A state, and which training it is of. */
export interface Checkpoint {
  readonly state: KeptState;
  /** Stands for the rows and options; another's state would not lead to the same bytes. */
  readonly run: string;
}

/** Writes a checkpoint as safetensors; a reader sees the one before or this one, never half of it. */
export function writeCheckpoint(path: string, { state, run }: Checkpoint): Promise<void> {
  const tensors = new Map<string, Tensor>([
    ...tensorsOf(state.head.layers, "head."),
    ...tensorsOf(state.best.layers, "best."),
    ["classifier", { shape: [state.classifier.length], data: state.classifier }],
    ["optimizer", { shape: [state.optimizer.length], data: state.optimizer }],
  ]);
  const { epochs, steps, logScale, bestEpoch, history } = state;
  const metadata = { format, run, state: JSON.stringify({ epochs, steps, logScale, bestEpoch, history }) };
  return writeSafetensors(path, { tensors, metadata });
}

/**
 * Reads a checkpoint.
 *
 * @returns undefined where there is none
 * @throws UnreelError `ERR_UNREEL_CHECKPOINT_INVALID`
 */
export async function readCheckpoint(path: string): Promise<Checkpoint | undefined> {
  try {
    return checkpointOf(await readSafetensors(path));
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

function checkpointOf({ tensors, metadata }: TensorFile): Checkpoint {
  if (metadata.format !== format) throw new Error("its metadata name another format");
  const { epochs, steps, logScale, bestEpoch, history } = JSON.parse(metadata.state ?? "null");
  const numbers = [epochs, steps, logScale, bestEpoch];
  if (!numbers.every(Number.isFinite) || !Array.isArray(history) || history.length !== epochs) {
    throw new Error("its metadata lack the state");
  }
  const classifier = tensors.get("classifier")?.data;
  const optimizer = tensors.get("optimizer")?.data;
  if (!(classifier instanceof Float32Array) || !(optimizer instanceof Float64Array)) {
    throw new Error("it lacks the tensors classifier and optimizer");
  }
  const state = {
    epochs,
    steps,
    logScale,
    bestEpoch,
    history: history.map(withNaN),
    head: { layers: layersOf(tensors, "head.") },
    best: { layers: layersOf(tensors, "best.") },
    classifier,
    optimizer,
  };
  return { state, run: metadata.run ?? "" };
}

/** JSON has no NaN and says null. */
function withNaN(report: NativeEpoch): NativeEpoch {
  const entries = Object.entries(report).map(([name, value]) => [name, value ?? Number.NaN]);
  return Object.fromEntries(entries) as NativeEpoch;
}
