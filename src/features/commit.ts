import type { Label, VideoFacts } from "../datasets/video.js";
import { corrupt, type FileSeal } from "./files.js";
import { RecordReader } from "./records.js";

const SCHEMA = 1;

/** A video as the store knows it. */
export interface StoredVideo extends VideoFacts {
  /** Where it was read from. */
  readonly uri: string;
}

/** Why a video has no rows. */
export interface StoredError {
  /** An `ERR_UNREEL_*` code. */
  readonly code: string;
  readonly message: string;
  /** Whether the same call may succeed later without a change. */
  readonly retryable: boolean;
}

/** A video that yielded no rows: part of the record, so that reports can count it. */
export interface FailedVideo extends StoredVideo {
  readonly error: StoredError;
}

/** A video with rows, in one piece in its shard. */
export interface CommittedVideo {
  readonly id: string;
  /** At least 1. */
  readonly rows: number;
}

/** What `_commits/000012.json` says; the shard exists because this file does. */
export interface Commit {
  readonly shard: number;
  /** The sum of the videos' rows. */
  readonly rows: number;
  /** Absent when there are no rows: then there are no files. */
  readonly files?: { readonly embeddings: FileSeal; readonly metadata: FileSeal } | undefined;
  /** In the order of their rows. */
  readonly videos: readonly CommittedVideo[];
  readonly failures: readonly FailedVideo[];
}

/** The text of a commit file: videos with rows first, then the failed ones with `rows: 0` and their error. */
export function encodeCommit({ shard, rows, files, videos, failures }: Commit): string {
  const entries = [...videos, ...failures.map((failure) => ({ rows: 0, ...failure }))];
  return `${JSON.stringify({ schema: SCHEMA, shard, rows, files, videos: entries })}\n`;
}

function decodeSeal(record: RecordReader): FileSeal {
  return { bytes: record.count("bytes"), sha256: record.string("sha256") };
}

function decodeLabel(record: RecordReader, path: string): Label | undefined {
  const label = record.value("label");
  if (label === 0 || label === 1 || label === undefined) return label;
  throw corrupt(path, "label is neither 0 nor 1");
}

function decodeFailure(record: RecordReader, path: string): FailedVideo {
  const error = record.object("error");
  return {
    id: record.string("id"),
    uri: record.string("uri"),
    label: decodeLabel(record, path),
    split: record.optionalString("split"),
    group: record.string("group"),
    source: record.optionalString("source"),
    identities: record.optionalStrings("identities"),
    method: record.optionalString("method"),
    dataset: record.optionalString("dataset"),
    error: { code: error.string("code"), message: error.string("message"), retryable: error.boolean("retryable") },
  };
}

/**
 * Reads a commit file's text.
 *
 * @param shard the id in its name
 * @throws UnreelError `ERR_UNREEL_STORE_CORRUPT`
 */
export function decodeCommit(text: string, shard: number, path: string): Commit {
  const record = RecordReader.parse(text, path);
  if (record.value("schema") !== SCHEMA) throw corrupt(path, `its schema is not ${SCHEMA}, the one this unreel reads`);
  const entries = record.objects("videos");
  const videos = entries
    .map((entry) => ({ id: entry.string("id"), rows: entry.count("rows") }))
    .filter(({ rows }) => rows > 0);
  const rows = videos.reduce((sum, video) => sum + video.rows, 0);
  if (record.count("shard") !== shard) throw corrupt(path, `it speaks of shard ${record.count("shard")}`);
  if (record.count("rows") !== rows)
    throw corrupt(path, `its videos have ${rows} rows, it says ${record.count("rows")}`);
  const files = rows === 0 ? undefined : record.object("files");
  return {
    shard,
    rows,
    files: files && {
      embeddings: decodeSeal(files.object("embeddings")),
      metadata: decodeSeal(files.object("metadata")),
    },
    videos,
    failures: entries.filter((entry) => entry.count("rows") === 0).map((entry) => decodeFailure(entry, path)),
  };
}
