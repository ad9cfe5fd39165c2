import { resolve } from "node:path";
import { byCodeUnit } from "../datasets/video.js";
import { type ErrorCode, errorCodes } from "../error-codes.js";
import { isCodedError, UnreelError } from "../errors.js";
import type { Fingerprint } from "../fingerprint.js";
import { isWanted, type ReadOptions, readVideos } from "./chosen-rows.js";
import type { FailedVideo, StoredError, StoredVideo } from "./commit.js";
import { establish, makeFolders, readDescription, type StoreDescription, type StoreType } from "./description.js";
import { readSealed, writeError } from "./files.js";
import { StoreLayout } from "./layout.js";
import { Ledger } from "./ledger.js";
import { type FeatureTable, readTable } from "./table.js";
import { readTrainingTable, type TrainingTable } from "./training-table.js";
import { StoreWriter, type WriterOptions } from "./writer.js";

export type { ReadOptions } from "./chosen-rows.js";
export type { FailedVideo, StoredError, StoredVideo } from "./commit.js";
export type { StoreDescription, StoreType } from "./description.js";
export type { TableVideo } from "./row-table.js";
export type { FeatureTable } from "./table.js";
export type { TrainingTable } from "./training-table.js";
export type { VectorFile } from "./vector-file.js";
export type { StoreWriter, VideoFailure, VideoFeatures, WriterOptions } from "./writer.js";

/** What a new store holds, and an existing one must hold. */
export interface StoreOptions {
  /** Numbers per row. */
  readonly dimension: number;
  /** Default `<f2`: half the size, and what clip-retrieval writes. */
  readonly dtype?: StoreType | undefined;
  /** Everything that shapes the rows. */
  readonly fingerprint: Fingerprint;
  /** Where the encoders' files lie: a hint for training, and no part of the fingerprint. */
  readonly encoderPaths?: readonly string[] | undefined;
}

/** Whether a video would fail again though its file were mended or a limit raised: the pixels themselves are at fault. */
function failedForGood({ code, retryable }: StoredError): boolean {
  if (retryable || code === "ERR_UNREEL_LIMIT_EXCEEDED" || code === "ERR_UNREEL_TRUNCATED") return false;
  return errorCodes[code as ErrorCode]?.category !== "input";
}

/** What is in a store. */
export interface StoreSummary extends StoreDescription {
  readonly shards: number;
  readonly rows: number;
  /** Videos with rows. */
  readonly videos: number;
  /** Videos that yielded no rows. */
  readonly failed: number;
  /** Of the committed vectors and metadata. */
  readonly bytes: number;
}

/** What `verify` looked at. */
export interface StoreCheck {
  readonly files: number;
  readonly bytes: number;
}

/**
 * Features on disk, in clip-retrieval's layout: numpy reads `img_emb/*.npy`, pandas `metadata/*.parquet`, row for row.
 * Holds no file open; any number may be open on one folder, and writers work beside readers.
 */
export class FeatureStore {
  /** The folder, absolute. */
  readonly root: string;
  private readonly layout: StoreLayout;
  private readonly description: StoreDescription;
  private readonly ledger: Ledger;

  private constructor(layout: StoreLayout, description: StoreDescription) {
    this.root = layout.root;
    this.layout = layout;
    this.description = description;
    this.ledger = new Ledger(layout);
  }

  /** Opens a store whose description was read; use `openStore` or `createOrOpenStore`. */
  static async open(layout: StoreLayout, description: StoreDescription): Promise<FeatureStore> {
    const store = new FeatureStore(layout, description);
    await store.ledger.refresh();
    return store;
  }

  /** What `store.json` says. */
  get info(): StoreDescription {
    return this.description;
  }

  /** Counts what is committed now. */
  async describe(): Promise<StoreSummary> {
    await this.ledger.refresh();
    const { commits, videos, failures } = this.ledger;
    const files = [...commits.values()].flatMap((commit) => (commit.files ? Object.values(commit.files) : []));
    return {
      ...this.description,
      shards: commits.size,
      rows: [...videos.values()].reduce((sum, { rows }) => sum + rows, 0),
      videos: videos.size,
      failed: failures.size,
      bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  }

  /**
   * Ids of the videos that need no more work: those with rows, and those that failed for good. A video that could not be
   * read, was cut off or was over a limit is not among them (the file or the limit may be another the next time), nor any
   * failed one with `retryFailed`.
   */
  async completed({ retryFailed = false }: { readonly retryFailed?: boolean } = {}): Promise<ReadonlySet<string>> {
    await this.ledger.refresh();
    const failures = retryFailed ? [] : [...this.ledger.failures.values()].filter(({ error }) => failedForGood(error));
    return new Set([...this.ledger.videos.keys(), ...failures.map(({ id }) => id)]);
  }

  /** What is stored of each video with rows, sorted by id; reads metadata and no vectors. */
  async videos(options: ReadOptions = {}): Promise<readonly StoredVideo[]> {
    await this.ledger.refresh();
    return readVideos(this.layout, this.ledger, options);
  }

  /** Videos that yielded no rows, and why, sorted by id: reports count them. */
  async failures(options: ReadOptions = {}): Promise<readonly FailedVideo[]> {
    await this.ledger.refresh();
    const failures = [...this.ledger.failures.values()].filter((video) => isWanted(video, options));
    return failures.sort((a, b) => byCodeUnit(a.id, b.id));
  }

  /**
   * Opens a writer, after removing what a killed one left.
   *
   * @throws UnreelError `ERR_UNREEL_STORE_LOCKED` while another process writes the same share, or divides the work
   *   otherwise; `ERR_UNREEL_OUTPUT_NOT_WRITABLE`
   */
  writer(options: WriterOptions = {}): Promise<StoreWriter> {
    return StoreWriter.open(this.layout, this.description, this.ledger, options);
  }

  /**
   * Reads rows into memory, in an order that does not depend on shards: by video id, then frame.
   *
   * @throws UnreelError `ERR_UNREEL_STORE_CORRUPT` when a file is not what its commit says
   */
  async read(options: ReadOptions = {}): Promise<FeatureTable> {
    await this.ledger.refresh();
    return readTable(this.layout, this.description, this.ledger, options);
  }

  /**
   * Reads what is known of rows, in the order of {@link read}, and where their vectors lie, but not the vectors: for
   * stores larger than memory. Metadata is checked against its commit; of the files of vectors size and header are, and
   * {@link verify} compares the rest.
   *
   * @throws UnreelError `ERR_UNREEL_STORE_CORRUPT` when a file is not what its commit says
   *
   * @example
   * ```ts
   * import { openStore } from "unreel";
   *
   * const table = await (await openStore("features")).rows({ labelled: true, splits: ["train"] });
   * const [file, row] = table.places;
   * console.log(table.files[file ?? 0]?.path, row, table.videoOf(0).id);
   * ```
   */
  async rows(options: ReadOptions = {}): Promise<TrainingTable> {
    await this.ledger.refresh();
    return readTrainingTable(this.layout, this.description, this.ledger, options);
  }

  /**
   * Compares the size and SHA-256 of every committed file with its commit.
   *
   * @throws UnreelError `ERR_UNREEL_STORE_CORRUPT` after all were looked at; `details.paths` names those that differ
   */
  async verify(): Promise<StoreCheck> {
    await this.ledger.refresh();
    const damaged = new Map<string, string>();
    let files = 0;
    let bytes = 0;
    for (const { shard, files: seals } of this.ledger.commits.values()) {
      for (const kind of ["embeddings", "metadata"] as const) {
        const seal = seals?.[kind];
        if (seal === undefined) continue;
        files += 1;
        bytes += seal.bytes;
        const path = this.layout.file(kind, shard);
        await readSealed(path, seal).catch((error: unknown) => {
          if (!isCodedError(error)) throw error;
          damaged.set(path, error.message);
        });
      }
    }
    if (damaged.size === 0) return { files, bytes };
    throw new UnreelError(
      "ERR_UNREEL_STORE_CORRUPT",
      `${damaged.size} of ${files} files are not as they were written:\n  ${[...damaged.values()].join("\n  ")}`,
      { paths: [...damaged.keys()] },
    );
  }
}

/**
 * Opens a store, for reading or for writing more of the same.
 *
 * @throws UnreelError `ERR_UNREEL_STORE_NOT_FOUND` when the folder holds none; `ERR_UNREEL_STORE_CORRUPT`
 *
 * @example
 * ```ts
 * import { openStore } from "unreel";
 *
 * const store = await openStore("features");
 * const { x, labels, rows, dimension } = await store.read({ labelled: true, splits: ["train"] });
 * console.log(x.length === rows * dimension, labels.length === rows);
 * ```
 */
export async function openStore(folder: string): Promise<FeatureStore> {
  const layout = new StoreLayout(resolve(folder));
  const description = await readDescription(layout);
  if (description !== undefined) return FeatureStore.open(layout, description);
  throw new UnreelError(
    "ERR_UNREEL_STORE_NOT_FOUND",
    `There is no feature store in ${layout.root}: it has no store.json. \`unreel extract … --out\` makes one`,
    { path: layout.root },
  );
}

/**
 * Makes a store, with the folders above it; or opens the one that is there, when it was made with the same options.
 *
 * @throws UnreelError `ERR_UNREEL_OUTPUT_EXISTS` when the folder holds something else,
 *   `ERR_UNREEL_OUTPUT_NOT_WRITABLE`, `ERR_UNREEL_FINGERPRINT_MISMATCH` naming what differs
 *
 * @example
 * ```ts
 * import { createOrOpenStore } from "unreel";
 *
 * const fingerprint = { encoder: "mine", version: 1 };
 * const store = await createOrOpenStore("my-features", { dimension: 2, dtype: "<f4", fingerprint });
 * const writer = await store.writer();
 * const embeddings = Float32Array.of(0.5, 0.25);
 * await writer.add({ id: "a", uri: "a.mp4", group: "a", frames: [{ frame: 0, ptsUs: 0 }], embeddings });
 * await writer.close();
 * console.log((await store.describe()).rows);
 * ```
 */
export async function createOrOpenStore(
  folder: string,
  { dimension, dtype = "<f2", fingerprint, encoderPaths }: StoreOptions,
): Promise<FeatureStore> {
  const layout = new StoreLayout(resolve(folder));
  const description = await establish(layout, { dimension, dtype, fingerprint, encoderPaths });
  try {
    await makeFolders(layout);
  } catch (error) {
    throw writeError(error, layout.root);
  }
  return FeatureStore.open(layout, description);
}
