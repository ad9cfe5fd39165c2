import { UnreelError } from "../errors.js";
import type { FeatureStore } from "../features/store.js";
import { storedVectors } from "../features/stored-vectors.js";
import type { TrainingTable } from "../features/training-table.js";
import { writeFileAtomic } from "../output-folder.js";
import { pathOf } from "../validate.js";
import { type SvmData, textChunks } from "./svm-data.js";

/** What {@link exportSvmData} wrote. */
export interface ExportSummary {
  readonly rows: number;
  readonly dims: number;
  /** Rows of videos without a label, which are not in the file. */
  readonly unlabelledRows: number;
}

/**
 * Writes the labelled rows of a store in libsvm's sparse text format, a frame a line, sorted by video id, then frame: the
 * embeddings as they are stored, block by block. The file appears whole or not at all.
 *
 * @throws UnreelError `ERR_UNREEL_SPLIT_EMPTY` when no row has a label, and as `writeSvmData` and `FeatureStore.rows`
 */
export async function exportSvmData(store: FeatureStore, file: string): Promise<ExportSummary> {
  const path = pathOf(file, "file");
  const table = await store.rows({ labelled: true });
  const { rows: unlabelledRows } = await store.rows({ labelled: false });
  if (table.rows === 0) {
    throw new UnreelError(
      "ERR_UNREEL_SPLIT_EMPTY",
      `The store ${store.root} has no labelled rows to export; labels come with the dataset or the manifest.`,
      { path: store.root },
    );
  }
  await writeFileAtomic(path, textChunks(blocksOf(table)));
  return { rows: table.rows, dims: table.dimension, unlabelledRows };
}

async function* blocksOf(table: TrainingTable): AsyncGenerator<SvmData> {
  for await (const { firstRow, rows, x } of storedVectors(table)) {
    yield { x, labels: table.labels.subarray(firstRow, firstRow + rows), rows, dims: table.dimension };
  }
}
