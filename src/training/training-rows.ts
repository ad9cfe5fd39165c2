import { UnreelError } from "../errors.js";
import type { FeatureStore } from "../features/store.js";
import type { TrainingTable } from "../features/training-table.js";
import type { NativeRowSource, NativeTrainingRows } from "../native/binding.js";

/** What may train: rows of these splits, or of none. */
export const trainingSplits = ["train", "val", undefined];

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

/** What the addon's trainer needs of a table: it gathers the vectors itself, batch by batch. */
export function storedTrainingRows(
  table: TrainingTable,
  validation: Uint8Array,
): { readonly source: NativeRowSource; readonly rows: NativeTrainingRows } {
  return {
    source: { shards: table.files, places: table.places, dims: table.dimension },
    rows: { labels: table.labels, validation, videos: table.videoIndices, groups: table.groupIndices() },
  };
}
