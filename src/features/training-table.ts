import { type ChosenRows, chooseRows, type ReadOptions } from "./chosen-rows.js";
import type { Commit } from "./commit.js";
import type { StoreDescription } from "./description.js";
import type { StoreLayout } from "./layout.js";
import type { Ledger } from "./ledger.js";
import { RowTable } from "./row-table.js";
import { checkedVectorFile, type VectorFile } from "./vector-file.js";

/**
 * Rows whose vectors stay in the store: what a {@link FeatureTable} says in the same order, and where each vector lies.
 * 32 bytes a row, whatever the dimension, so that a store larger than memory can train.
 */
export class TrainingTable extends RowTable {
  /** The files that hold the vectors. */
  readonly files: readonly VectorFile[];
  /** rows x 2: index in {@link files}, and row of that file. */
  readonly places: Uint32Array;

  constructor(dimension: number, chosen: ChosenRows, files: readonly VectorFile[], places: Uint32Array) {
    super(dimension, chosen, chosen.videos);
    this.files = files;
    this.places = places;
  }
}

/** Reads all of the chosen rows but their vectors. */
export async function readTrainingTable(
  layout: StoreLayout,
  description: StoreDescription,
  ledger: Ledger,
  options: ReadOptions,
): Promise<TrainingTable> {
  const chosen = await chooseRows(layout, ledger, options);
  const files: VectorFile[] = [];
  const indices = new Map<Commit, number>();
  for (const commit of new Set(chosen.commits)) {
    indices.set(commit, files.length);
    files.push(await checkedVectorFile(layout, commit, description));
  }
  const places = new Uint32Array(2 * chosen.shardRows.length);
  for (const [at, { firstRow, rows }] of chosen.videos.entries()) {
    const file = indices.get(chosen.commits[at] as Commit) ?? 0;
    for (let row = firstRow; row < firstRow + rows; row++) {
      places[2 * row] = file;
      places[2 * row + 1] = chosen.shardRows[row] ?? 0;
    }
  }
  return new TrainingTable(description.dimension, chosen, files, places);
}
