import type { Label } from "../datasets/video.js";
import type { StoredVideo } from "./commit.js";
import { corrupt } from "./files.js";

/** One row's place in its video. */
export interface FramePosition {
  /** Index in presentation order, from 0. */
  readonly frame: number;
  /** Presentation time in microseconds, as the file says it. */
  readonly ptsUs: number;
}

/** A video with its rows' positions, in the order of the rows. */
export interface VideoRows {
  readonly video: StoredVideo;
  readonly frames: readonly FramePosition[];
}

interface Column {
  readonly name: string;
  readonly type: "STRING" | "INT32";
  readonly nullable: boolean;
  of(video: StoredVideo): string | number | undefined;
}

/** Identities are joined by this sign, which therefore stands in none of them. */
export const IDENTITY_SEPARATOR = "|";

const VIDEO_COLUMNS: readonly Column[] = [
  { name: "video_id", type: "STRING", nullable: false, of: ({ id }) => id },
  { name: "uri", type: "STRING", nullable: false, of: ({ uri }) => uri },
  { name: "label", type: "INT32", nullable: true, of: ({ label }) => label },
  { name: "split", type: "STRING", nullable: true, of: ({ split }) => split },
  { name: "group", type: "STRING", nullable: false, of: ({ group }) => group },
  { name: "source", type: "STRING", nullable: true, of: ({ source }) => source },
  {
    name: "identities",
    type: "STRING",
    nullable: true,
    of: ({ identities = [] }) => (identities.length === 0 ? undefined : identities.join(IDENTITY_SEPARATOR)),
  },
  { name: "method", type: "STRING", nullable: true, of: ({ method }) => method },
  { name: "dataset", type: "STRING", nullable: true, of: ({ dataset }) => dataset },
];

/** The Parquet file of a shard: row i describes vector i. */
export async function encodeMetadata(shard: readonly VideoRows[]): Promise<Uint8Array> {
  // Imported here because the package is ESM only, and unreel's CommonJS build could not require it.
  const { parquetWriteBuffer } = await import("hyparquet-writer");
  const facts = VIDEO_COLUMNS.map(({ name, type, nullable, of }) => ({
    name,
    type,
    nullable,
    data: shard.flatMap(({ video, frames }) => new Array(frames.length).fill(of(video) ?? null)),
  }));
  const positions = (name: string, of: (position: FramePosition) => number) => ({
    name,
    type: "INT64" as const,
    nullable: false,
    data: shard.flatMap(({ frames }) => frames.map((position) => BigInt(of(position)))),
  });
  const columnData = [
    ...facts,
    positions("frame_index", ({ frame }) => frame),
    positions("pts_us", ({ ptsUs }) => ptsUs),
  ];
  return new Uint8Array(parquetWriteBuffer({ columnData, createdBy: "unreel" }));
}

/** A shard's metadata, column by column. */
export class Metadata {
  private readonly columns: ReadonlyMap<string, readonly unknown[]>;
  private readonly path: string;

  constructor(columns: ReadonlyMap<string, readonly unknown[]>, path: string) {
    this.columns = columns;
    this.path = path;
  }

  private column(name: string): readonly unknown[] {
    const column = this.columns.get(name);
    if (column === undefined) throw corrupt(this.path, `it has no column ${name}`);
    return column;
  }

  private text(name: string, row: number): string | undefined {
    const value = this.column(name)[row] ?? undefined;
    if (value !== undefined && typeof value !== "string")
      throw corrupt(this.path, `${name} holds something else than text`);
    return value;
  }

  private requiredText(name: string, row: number): string {
    const value = this.text(name, row);
    if (value === undefined) throw corrupt(this.path, `${name} is empty in row ${row}`);
    return value;
  }

  private label(row: number): Label | undefined {
    const value = this.column("label")[row] ?? undefined;
    if (value === 0 || value === 1 || value === undefined) return value;
    throw corrupt(this.path, `label is neither 0 nor 1 in row ${row}`);
  }

  /** What one row says of its video. */
  video(row: number): StoredVideo {
    return {
      id: this.requiredText("video_id", row),
      uri: this.requiredText("uri", row),
      label: this.label(row),
      split: this.text("split", row),
      group: this.requiredText("group", row),
      source: this.text("source", row),
      identities: this.text("identities", row)?.split(IDENTITY_SEPARATOR),
      method: this.text("method", row),
      dataset: this.text("dataset", row),
    };
  }

  position(row: number): FramePosition {
    return { frame: Number(this.column("frame_index")[row]), ptsUs: Number(this.column("pts_us")[row]) };
  }
}

/**
 * Reads a shard's Parquet file.
 *
 * @param rows as many as its commit says
 * @throws UnreelError `ERR_UNREEL_STORE_CORRUPT`
 */
export async function decodeMetadata(bytes: Uint8Array, rows: number, path: string): Promise<Metadata> {
  const { parquetRead } = await import("hyparquet");
  const columns = new Map<string, unknown[]>();
  try {
    await parquetRead({
      file: { byteLength: bytes.length, slice: (start, end) => new Uint8Array(bytes.subarray(start, end)).buffer },
      onChunk: ({ columnName, columnData, rowStart }) => {
        const column = columns.get(columnName) ?? new Array(rows).fill(undefined);
        for (let at = 0; at < columnData.length; at++) column[rowStart + at] = columnData[at];
        columns.set(columnName, column);
      },
    });
  } catch (error) {
    throw corrupt(path, "it is no Parquet file that can be read", error);
  }
  for (const [name, column] of columns) {
    if (column.length !== rows)
      throw corrupt(path, `column ${name} has ${column.length} rows, its commit says ${rows}`);
  }
  return new Metadata(columns, path);
}
