import { UnreelError } from "../errors.js";
import { type ChosenRows, chooseRows, type ReadOptions } from "./chosen-rows.js";
import type { Commit } from "./commit.js";
import type { StoreDescription } from "./description.js";
import { corrupt, readSealed } from "./files.js";
import { decodeFloat16 } from "./float16.js";
import type { StoreLayout } from "./layout.js";
import type { Ledger } from "./ledger.js";
import { type RowPositions, RowTable, type TableVideo } from "./row-table.js";
import { checkedHeader } from "./vector-file.js";

/**
 * Features in memory, row by row: sorted by video id (UTF-16 code units), then frame, whatever the store's shards look
 * like. The columns of strings are made when first asked for.
 */
export class FeatureTable extends RowTable {
  /** rows x dimension, C order. NaN and infinities are as they were stored. */
  readonly x: Float32Array;

  constructor(dimension: number, x: Float32Array, positions: RowPositions, videos: readonly TableVideo[]) {
    super(dimension, positions, videos);
    this.x = x;
  }
}

/** The numbers of a shard, as they are stored. */
async function readVectors(
  layout: StoreLayout,
  commit: Commit,
  description: StoreDescription,
): Promise<Uint16Array | Float32Array> {
  const path = layout.file("embeddings", commit.shard);
  if (commit.files === undefined) throw corrupt(path, "its commit names no files");
  const bytes = await readSealed(path, commit.files.embeddings);
  const { dataOffset } = checkedHeader(bytes, path, commit.rows, description);
  const data = new Uint8Array(bytes.subarray(dataOffset)).buffer;
  return description.dtype === "<f2" ? new Uint16Array(data) : new Float32Array(data);
}

function allocate(rows: number, dimension: number): Float32Array {
  try {
    return new Float32Array(rows * dimension);
  } catch (error) {
    const message = `${rows} rows of ${dimension} numbers do not fit into memory; read one split at a time`;
    throw new UnreelError("ERR_UNREEL_OUT_OF_MEMORY", message, { rows, dimension }, error);
  }
}

/** The videos of each shard. */
function videosByCommit({ videos, commits }: ChosenRows): Map<Commit, TableVideo[]> {
  const byCommit = new Map<Commit, TableVideo[]>();
  for (const [at, commit] of commits.entries()) {
    const video = videos[at];
    if (video === undefined) continue;
    const those = byCommit.get(commit) ?? [];
    those.push(video);
    byCommit.set(commit, those);
  }
  return byCommit;
}

/** Reads the chosen rows of a store into one table. Every file that is read is checked against its commit. */
export async function readTable(
  layout: StoreLayout,
  description: StoreDescription,
  ledger: Ledger,
  options: ReadOptions,
): Promise<FeatureTable> {
  const chosen = await chooseRows(layout, ledger, options);
  const { dimension } = description;
  const x = allocate(chosen.shardRows.length, dimension);
  for (const [commit, videos] of videosByCommit(chosen)) {
    const vectors = await readVectors(layout, commit, description);
    for (const { firstRow, rows } of videos) {
      for (let at = firstRow; at < firstRow + rows; at++) {
        const row = chosen.shardRows[at] ?? 0;
        const into = x.subarray(at * dimension, (at + 1) * dimension);
        if (vectors instanceof Float32Array) into.set(vectors.subarray(row * dimension, (row + 1) * dimension));
        else decodeFloat16(vectors.subarray(row * dimension, (row + 1) * dimension), into);
      }
    }
  }
  return new FeatureTable(dimension, x, chosen, chosen.videos);
}
