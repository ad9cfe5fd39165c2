import { byCodeUnit } from "../datasets/video.js";
import { UnreelError, UnreelRangeError } from "../errors.js";
import type { Commit, StoredVideo } from "./commit.js";
import type { StoreDescription } from "./description.js";
import { corrupt, readSealed } from "./files.js";
import { decodeFloat16 } from "./float16.js";
import type { StoreLayout } from "./layout.js";
import type { Ledger } from "./ledger.js";
import { decodeMetadata, type FramePosition } from "./metadata.js";
import { decodeNpyHeader } from "./npy.js";

/** Which rows are wanted; all of them by default. */
export interface ReadOptions {
  /** Only videos of these splits; undefined stands for videos without one. */
  readonly splits?: readonly (string | undefined)[] | undefined;
  /** Only videos with a label (true), or without one (false). */
  readonly labelled?: boolean | undefined;
}

/** A video and where its rows stand in a table. */
export interface TableVideo extends StoredVideo {
  readonly firstRow: number;
  /** At least 1. */
  readonly rows: number;
}

/**
 * Features in memory, row by row: sorted by video id (UTF-16 code units), then frame, whatever the store's shards look
 * like. The columns of strings are made when first asked for.
 */
export class FeatureTable {
  readonly rows: number;
  /** Numbers per row. */
  readonly dimension: number;
  /** rows x dimension, C order. NaN and infinities are as they were stored. */
  readonly x: Float32Array;
  /** Per row: 1 fake, 0 real, -1 unknown. */
  readonly labels: Int32Array;
  /** Per row: index in presentation order. */
  readonly frames: Float64Array;
  /** Per row: presentation time in microseconds. */
  readonly ptsUs: Float64Array;
  /** The videos that the rows come from, in the rows' order. */
  readonly videos: readonly TableVideo[];
  private readonly videoAt: Int32Array;
  private readonly columns = new Map<string, readonly unknown[]>();

  constructor(
    dimension: number,
    x: Float32Array,
    positions: { readonly frames: Float64Array; readonly ptsUs: Float64Array },
    videos: readonly TableVideo[],
  ) {
    this.rows = positions.frames.length;
    this.dimension = dimension;
    this.x = x;
    this.frames = positions.frames;
    this.ptsUs = positions.ptsUs;
    this.videos = videos;
    this.labels = new Int32Array(this.rows);
    this.videoAt = new Int32Array(this.rows);
    for (const [at, { firstRow, rows, label = -1 }] of videos.entries()) {
      this.labels.fill(label, firstRow, firstRow + rows);
      this.videoAt.fill(at, firstRow, firstRow + rows);
    }
  }

  /** The video that a row comes from. */
  videoOf(row: number): TableVideo {
    const video = this.videos[this.videoAt[row] ?? -1];
    if (video === undefined) throw new UnreelRangeError(`row must lie between 0 and ${this.rows - 1}, not ${row}`);
    return video;
  }

  private column<K extends keyof StoredVideo>(name: K): readonly StoredVideo[K][] {
    const made = this.columns.get(name) as readonly StoredVideo[K][] | undefined;
    if (made !== undefined) return made;
    const column = this.videos.flatMap((video) => new Array<StoredVideo[K]>(video.rows).fill(video[name]));
    this.columns.set(name, column);
    return column;
  }

  get videoIds(): readonly string[] {
    return this.column("id");
  }

  get uris(): readonly string[] {
    return this.column("uri");
  }

  get splits(): readonly (string | undefined)[] {
    return this.column("split");
  }

  get groups(): readonly string[] {
    return this.column("group");
  }

  get sources(): readonly (string | undefined)[] {
    return this.column("source");
  }

  get identities(): readonly (readonly string[] | undefined)[] {
    return this.column("identities");
  }

  get methods(): readonly (string | undefined)[] {
    return this.column("method");
  }

  get datasets(): readonly (string | undefined)[] {
    return this.column("dataset");
  }
}

/** A video that was chosen, with its rows still in their shard. */
interface Chosen {
  readonly video: StoredVideo;
  readonly shard: number;
  /** Rows of the shard, in the order of their frames. */
  readonly shardRows: readonly number[];
  readonly positions: readonly FramePosition[];
}

/** Whether a video is among those asked for. */
export function isWanted(video: StoredVideo, { splits, labelled }: ReadOptions): boolean {
  if (splits !== undefined && !splits.includes(video.split)) return false;
  return labelled === undefined || (video.label !== undefined) === labelled;
}

async function chooseFromShard(
  layout: StoreLayout,
  commit: Commit,
  ledger: Ledger,
  options: ReadOptions,
): Promise<Chosen[]> {
  if (commit.files === undefined) return [];
  const path = layout.file("metadata", commit.shard);
  const metadata = await decodeMetadata(await readSealed(path, commit.files.metadata), commit.rows, path);
  const chosen: Chosen[] = [];
  for (const { id } of commit.videos) {
    const place = ledger.videos.get(id);
    if (place === undefined || place.shard !== commit.shard) continue;
    const video = metadata.video(place.firstRow);
    if (video.id !== id) throw corrupt(path, `row ${place.firstRow} belongs to ${video.id}, the commit says ${id}`);
    if (!isWanted(video, options)) continue;
    const rows = Array.from({ length: place.rows }, (_, at) => place.firstRow + at)
      .map((row) => ({ row, position: metadata.position(row) }))
      .sort((a, b) => a.position.frame - b.position.frame);
    chosen.push({
      video,
      shard: commit.shard,
      shardRows: rows.map(({ row }) => row),
      positions: rows.map(({ position }) => position),
    });
  }
  return chosen;
}

/** The videos with rows, sorted by id. */
export async function readVideos(layout: StoreLayout, ledger: Ledger, options: ReadOptions): Promise<StoredVideo[]> {
  const videos: StoredVideo[] = [];
  for (const commit of ledger.commits.values()) {
    for (const { video } of await chooseFromShard(layout, commit, ledger, options)) videos.push(video);
  }
  return videos.sort((a, b) => byCodeUnit(a.id, b.id));
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
  const header = decodeNpyHeader(bytes);
  if (typeof header === "string") throw corrupt(path, header);
  const { dimension, dtype } = description;
  if (header.type !== dtype || header.shape.join() !== `${commit.rows},${dimension}`) {
    throw corrupt(path, `it holds ${header.type} (${header.shape.join()}), not ${dtype} (${commit.rows},${dimension})`);
  }
  const data = new Uint8Array(bytes.subarray(header.dataOffset)).buffer;
  return dtype === "<f2" ? new Uint16Array(data) : new Float32Array(data);
}

function allocate(rows: number, dimension: number): Float32Array {
  try {
    return new Float32Array(rows * dimension);
  } catch (error) {
    const message = `${rows} rows of ${dimension} numbers do not fit into memory; read one split at a time`;
    throw new UnreelError("ERR_UNREEL_OUT_OF_MEMORY", message, { rows, dimension }, error);
  }
}

/** Reads the chosen rows of a store into one table. Every file that is read is checked against its commit. */
export async function readTable(
  layout: StoreLayout,
  description: StoreDescription,
  ledger: Ledger,
  options: ReadOptions,
): Promise<FeatureTable> {
  const commits = [...ledger.commits.values()];
  const chosen: Chosen[] = [];
  for (const commit of commits) chosen.push(...(await chooseFromShard(layout, commit, ledger, options)));
  chosen.sort((a, b) => byCodeUnit(a.video.id, b.video.id));

  const { dimension } = description;
  const videos: TableVideo[] = [];
  const byShard = new Map<number, { shardRows: readonly number[]; firstRow: number }[]>();
  let rows = 0;
  for (const { video, shard, shardRows } of chosen) {
    videos.push({ ...video, firstRow: rows, rows: shardRows.length });
    const ofShard = byShard.get(shard) ?? [];
    ofShard.push({ shardRows, firstRow: rows });
    byShard.set(shard, ofShard);
    rows += shardRows.length;
  }

  const x = allocate(rows, dimension);
  for (const commit of commits) {
    const wanted = byShard.get(commit.shard);
    if (wanted === undefined) continue;
    const vectors = await readVectors(layout, commit, description);
    for (const { shardRows, firstRow } of wanted) {
      for (const [at, row] of shardRows.entries()) {
        const into = x.subarray((firstRow + at) * dimension, (firstRow + at + 1) * dimension);
        if (vectors instanceof Float32Array) into.set(vectors.subarray(row * dimension, (row + 1) * dimension));
        else decodeFloat16(vectors.subarray(row * dimension, (row + 1) * dimension), into);
      }
    }
  }

  const positions = chosen.flatMap((each) => each.positions);
  return new FeatureTable(
    dimension,
    x,
    {
      frames: Float64Array.from(positions, ({ frame }) => frame),
      ptsUs: Float64Array.from(positions, ({ ptsUs }) => ptsUs),
    },
    videos,
  );
}
