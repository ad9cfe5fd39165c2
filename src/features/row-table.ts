import { UnreelRangeError } from "../errors.js";
import type { StoredVideo } from "./commit.js";

/** A video and where its rows stand in a table. */
export interface TableVideo extends StoredVideo {
  readonly firstRow: number;
  /** At least 1. */
  readonly rows: number;
}

/** Where each row lies in its video. */
export interface RowPositions {
  /** Per row: index in presentation order. */
  readonly frames: Float64Array;
  /** Per row: presentation time in microseconds. */
  readonly ptsUs: Float64Array;
}

/**
 * What a store says of rows, without their numbers: sorted by video id (UTF-16 code units), then frame, whatever the
 * store's shards look like. 24 bytes a row; the columns of strings are made when first asked for.
 */
export class RowTable implements RowPositions {
  readonly rows: number;
  /** Numbers per row. */
  readonly dimension: number;
  /** Per row: 1 fake, 0 real, -1 unknown. */
  readonly labels: Int32Array;
  /** Per row: index in presentation order. */
  readonly frames: Float64Array;
  /** Per row: presentation time in microseconds. */
  readonly ptsUs: Float64Array;
  /** The videos that the rows come from, in the rows' order. */
  readonly videos: readonly TableVideo[];
  /** Per row: index in {@link videos}. */
  readonly videoIndices: Uint32Array;
  private readonly columns = new Map<string, readonly unknown[]>();

  constructor(dimension: number, { frames, ptsUs }: RowPositions, videos: readonly TableVideo[]) {
    this.rows = frames.length;
    this.dimension = dimension;
    this.frames = frames;
    this.ptsUs = ptsUs;
    this.videos = videos;
    this.labels = new Int32Array(this.rows);
    this.videoIndices = new Uint32Array(this.rows);
    for (const [at, { firstRow, rows, label = -1 }] of videos.entries()) {
      this.labels.fill(label, firstRow, firstRow + rows);
      this.videoIndices.fill(at, firstRow, firstRow + rows);
    }
  }

  /** The video that a row comes from. */
  videoOf(row: number): TableVideo {
    const video = this.videos[this.videoIndices[row] ?? this.videos.length];
    if (video === undefined) throw new UnreelRangeError(`row must lie between 0 and ${this.rows - 1}, not ${row}`);
    return video;
  }

  /** Per row: a number that stands for its group, the same for rows of one group; from 0, in the rows' order. */
  groupIndices(): Uint32Array {
    const numbers = new Map<string, number>();
    const indices = new Uint32Array(this.rows);
    for (const { group, firstRow, rows } of this.videos) {
      const number = numbers.get(group) ?? numbers.size;
      numbers.set(group, number);
      indices.fill(number, firstRow, firstRow + rows);
    }
    return indices;
  }

  private column<K extends keyof StoredVideo>(name: K): readonly StoredVideo[K][] {
    const made = this.columns.get(name) as readonly StoredVideo[K][] | undefined;
    if (made !== undefined) return made;
    const column = new Array<StoredVideo[K]>(this.rows);
    for (const video of this.videos) column.fill(video[name], video.firstRow, video.firstRow + video.rows);
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
