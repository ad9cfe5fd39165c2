import { UnreelError } from "../errors.js";
import type { FeatureStore } from "../features/store.js";
import type { TrainingTable } from "../features/training-table.js";
import type { VectorFile } from "../features/vector-file.js";

/** What may train: rows of these splits, or of none. */
const trainingSplits = ["train", "val", undefined];

/** Rows that the native trainer gathers itself; arrays are one entry a row unless they say otherwise. */
export interface StoredTrainingRows {
  readonly files: readonly VectorFile[];
  /** rows x 2: index in `files`, and row of that file. */
  readonly places: Uint32Array;
  readonly dimension: number;
  /** 1 = fake, 0 = real. */
  readonly labels: Int32Array;
  /** Rows of one video have one number. */
  readonly videos: Uint32Array;
  /** Rows of one group, a source clip and the fakes made from it, have one number. */
  readonly groups: Uint32Array;
}

/**
 * The rows of a store that may train.
 *
 * @throws UnreelError `ERR_UNREEL_SPLIT_EMPTY` when there are none
 */
export async function trainingTableOf(store: FeatureStore): Promise<TrainingTable> {
  const table = await store.rows({ labelled: true, splits: trainingSplits });
  if (table.rows > 0) return table;
  throw new UnreelError(
    "ERR_UNREEL_SPLIT_EMPTY",
    `The store ${store.root} has no labelled rows of split train or val to train on.`,
    { path: store.root },
  );
}

/** What the native trainer needs of a table. */
export function storedTrainingRows(table: TrainingTable): StoredTrainingRows {
  const { files, places, dimension, labels, videoIndices } = table;
  return { files, places, dimension, labels, videos: videoIndices, groups: table.groupIndices() };
}
