import { byCodeUnit } from "../datasets/video.js";
import type { Commit, StoredVideo } from "./commit.js";
import { corrupt, readSealed } from "./files.js";
import type { StoreLayout } from "./layout.js";
import type { Ledger } from "./ledger.js";
import { decodeMetadata, type Metadata } from "./metadata.js";
import type { RowPositions, TableVideo } from "./row-table.js";

/** Which rows are wanted; all of them by default. */
export interface ReadOptions {
  /** Only videos of these splits; undefined stands for videos without one. */
  readonly splits?: readonly (string | undefined)[] | undefined;
  /** Only videos with a label (true), or without one (false). */
  readonly labelled?: boolean | undefined;
}

/** The rows that were asked for, sorted by video id, then frame, and where their vectors lie. */
export interface ChosenRows extends RowPositions {
  readonly videos: readonly TableVideo[];
  /** The commit that holds each video's rows, one a video. */
  readonly commits: readonly Commit[];
  /** Per row: index in its shard. */
  readonly shardRows: Uint32Array;
}

/** Rows of one shard. */
interface ShardColumns extends RowPositions {
  readonly shardRows: Uint32Array;
}

/** A video that was chosen: rows [first, first + rows) of the columns of its shard. */
interface ChosenVideo {
  readonly video: StoredVideo;
  readonly commit: Commit;
  readonly columns: ShardColumns;
  readonly first: number;
  readonly rows: number;
}

/** Whether a video is among those asked for. */
export function isWanted(video: StoredVideo, { splits, labelled }: ReadOptions): boolean {
  if (splits !== undefined && !splits.includes(video.split)) return false;
  return labelled === undefined || (video.label !== undefined) === labelled;
}

function columnsOf(rows: number): ShardColumns {
  return { shardRows: new Uint32Array(rows), frames: new Float64Array(rows), ptsUs: new Float64Array(rows) };
}

/** Writes a video's rows, in the order of their frames, into columns. */
function takeRows(metadata: Metadata, shardRow: number, rows: number, into: ShardColumns, first: number): void {
  const order = Array.from({ length: rows }, (_, at) => {
    const row = shardRow + at;
    return { row, ...metadata.position(row) };
  }).sort((a, b) => a.frame - b.frame);
  for (const [at, { row, frame, ptsUs }] of order.entries()) {
    into.shardRows[first + at] = row;
    into.frames[first + at] = frame;
    into.ptsUs[first + at] = ptsUs;
  }
}

async function chooseFromShard(
  layout: StoreLayout,
  commit: Commit,
  ledger: Ledger,
  options: ReadOptions,
): Promise<ChosenVideo[]> {
  if (commit.files === undefined) return [];
  const path = layout.file("metadata", commit.shard);
  const metadata = await decodeMetadata(await readSealed(path, commit.files.metadata), commit.rows, path);
  const columns = columnsOf(commit.rows);
  const chosen: ChosenVideo[] = [];
  let first = 0;
  for (const { id } of commit.videos) {
    const place = ledger.videos.get(id);
    if (place === undefined || place.shard !== commit.shard) continue;
    const video = metadata.video(place.firstRow);
    if (video.id !== id) throw corrupt(path, `row ${place.firstRow} belongs to ${video.id}, the commit says ${id}`);
    if (!isWanted(video, options)) continue;
    takeRows(metadata, place.firstRow, place.rows, columns, first);
    chosen.push({ video, commit, columns, first, rows: place.rows });
    first += place.rows;
  }
  return chosen;
}

async function chooseVideos(layout: StoreLayout, ledger: Ledger, options: ReadOptions): Promise<ChosenVideo[]> {
  const chosen: ChosenVideo[] = [];
  for (const commit of ledger.commits.values()) {
    for (const video of await chooseFromShard(layout, commit, ledger, options)) chosen.push(video);
  }
  return chosen.sort((a, b) => byCodeUnit(a.video.id, b.video.id));
}

/** The videos with rows, sorted by id. */
export async function readVideos(layout: StoreLayout, ledger: Ledger, options: ReadOptions): Promise<StoredVideo[]> {
  return (await chooseVideos(layout, ledger, options)).map(({ video }) => video);
}

/** Reads the metadata of all shards, each checked against its commit, and no vectors. */
export async function chooseRows(layout: StoreLayout, ledger: Ledger, options: ReadOptions): Promise<ChosenRows> {
  const chosen = await chooseVideos(layout, ledger, options);
  const all = columnsOf(chosen.reduce((sum, { rows }) => sum + rows, 0));
  const videos: TableVideo[] = [];
  let firstRow = 0;
  for (const { video, columns, first, rows } of chosen) {
    videos.push({ ...video, firstRow, rows });
    for (const name of ["shardRows", "frames", "ptsUs"] as const) {
      all[name].set(columns[name].subarray(first, first + rows), firstRow);
    }
    firstRow += rows;
  }
  return { videos, commits: chosen.map(({ commit }) => commit), ...all };
}
