import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { UnreelError, UnreelRangeError, UnreelTypeError } from "../errors.js";
import { checkInteger, checkTyped } from "../validate.js";
import { type Commit, encodeCommit, type FailedVideo, type StoredError, type StoredVideo } from "./commit.js";
import { makeFolders, removeDescriptionLeftovers, type StoreDescription } from "./description.js";
import { publish, writeError, writeSynced } from "./files.js";
import { encodeFloat16, overflowingIndex } from "./float16.js";
import type { Shard, ShardFile, StoreLayout } from "./layout.js";
import type { Ledger } from "./ledger.js";
import { lockShard } from "./lock.js";
import { encodeMetadata, type FramePosition, IDENTITY_SEPARATOR, type VideoRows } from "./metadata.js";
import { encodeNpyHeader } from "./npy.js";

/** How a writer works. */
export interface WriterOptions {
  /** Which share of the work it does, when several processes write to one store. Default 0 of 1: the whole. */
  readonly shard?: Shard | undefined;
  /** Commit when a video is added this long after the last commit. Default 10,000. */
  readonly commitAfterMs?: number | undefined;
  /** Commit when so many rows wait; bounds the memory used. Default 16,384. */
  readonly commitAfterRows?: number | undefined;
}

/** A video with its features, to be stored. */
export interface VideoFeatures extends StoredVideo {
  /** One per row. */
  readonly frames: readonly FramePosition[];
  /** frames.length x dimension, C order. Copied: the caller may use it again. */
  readonly embeddings: Float32Array;
}

/** A video that yielded no rows, to be recorded. */
export interface VideoFailure extends StoredVideo {
  readonly error: StoredError;
}

interface PendingVideo extends VideoRows {
  readonly bytes: Uint8Array;
}

function bytesOf(numbers: Uint16Array | Float32Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}

/** The facts alone, without what a caller's object has besides. */
function factsOf(video: StoredVideo): StoredVideo {
  const { id, uri, label, split, group, source, identities, method, dataset } = video;
  for (const [name, text] of Object.entries({ id, uri, group })) {
    if (typeof text !== "string" || text === "")
      throw new UnreelTypeError(`a video's ${name} must be a non-empty string`);
  }
  if (label !== undefined && label !== 0 && label !== 1) {
    throw new UnreelTypeError(`${id}: label must be 1 (fake), 0 (real) or undefined, not ${String(label)}`);
  }
  const wrong = identities?.find((identity) => identity === "" || identity.includes(IDENTITY_SEPARATOR));
  if (wrong !== undefined) {
    throw new UnreelTypeError(`${id}: an identity is not empty and has no ${IDENTITY_SEPARATOR}, unlike "${wrong}"`);
  }
  return { id, uri, label, split, group, source, identities, method, dataset };
}

/**
 * Adds videos to a store. What is added waits in memory until a commit puts it on the disk as one shard; a video's rows
 * are never torn apart. A process may be killed at any moment: what was committed stays, the rest never was.
 *
 * Await each `add`: that is what bounds the memory.
 */
export class StoreWriter {
  private readonly layout: StoreLayout;
  private readonly description: StoreDescription;
  private readonly ledger: Ledger;
  private readonly release: () => Promise<void>;
  private readonly commitAfterMs: number;
  private readonly commitAfterRows: number;
  private readonly shardStep: number;
  private nextShard: number;
  private videos: PendingVideo[] = [];
  private failures: FailedVideo[] = [];
  private readonly pendingIds = new Set<string>();
  private lastCommit = performance.now();
  private queue: Promise<void> = Promise.resolve();
  private closing: Promise<void> | undefined;

  private constructor(
    layout: StoreLayout,
    description: StoreDescription,
    ledger: Ledger,
    release: () => Promise<void>,
    options: Required<WriterOptions> & { readonly shard: Shard },
  ) {
    this.layout = layout;
    this.description = description;
    this.ledger = ledger;
    this.release = release;
    this.commitAfterMs = options.commitAfterMs ?? 0;
    this.commitAfterRows = options.commitAfterRows ?? 0;
    const { index, count } = options.shard;
    this.shardStep = count;
    const above = ledger.highestShard + 1;
    this.nextShard = above + ((((index - above) % count) + count) % count);
  }

  /** Opens a writer; use `FeatureStore.writer`. */
  static async open(
    layout: StoreLayout,
    description: StoreDescription,
    ledger: Ledger,
    { shard = { index: 0, count: 1 }, commitAfterMs = 10_000, commitAfterRows = 16_384 }: WriterOptions,
  ): Promise<StoreWriter> {
    checkInteger(shard.count, 1, "options.shard.count");
    if (checkInteger(shard.index, 0, "options.shard.index") >= shard.count) {
      throw new UnreelRangeError(
        `options.shard.index must be below options.shard.count, ${shard.count}, not ${shard.index}`,
      );
    }
    checkInteger(commitAfterRows, 1, "options.commitAfterRows");
    if (!(commitAfterMs >= 0))
      throw new UnreelRangeError(`options.commitAfterMs must be 0 or more, not ${commitAfterMs}`);
    try {
      await makeFolders(layout);
    } catch (error) {
      throw writeError(error, layout.root);
    }
    const release = await lockShard(layout, shard);
    try {
      await ledger.refresh();
      await removeLeftovers(layout, ledger, shard);
      return new StoreWriter(layout, description, ledger, release, { shard, commitAfterMs, commitAfterRows });
    } catch (error) {
      await release();
      throw error instanceof UnreelError ? error : writeError(error, layout.root);
    }
  }

  /** Rows that wait for the next commit. */
  get pendingRows(): number {
    return this.videos.reduce((sum, { frames }) => sum + frames.length, 0);
  }

  /**
   * Adds a video's features, and commits when it is time.
   *
   * @throws UnreelTypeError, UnreelRangeError for what cannot be stored: another number of floats than frames x
   *   dimension, a video that the store has, a finite number beyond float16's range
   */
  async add(features: VideoFeatures): Promise<void> {
    const video = this.admit(features);
    const { frames, embeddings } = features;
    if (frames.length === 0) throw new UnreelRangeError(`${video.id}: there are no frames; record it with addFailure`);
    checkTyped(embeddings, Float32Array, frames.length * this.description.dimension, `${video.id}: embeddings`);
    for (const { frame, ptsUs } of frames) {
      checkInteger(frame, 0, `${video.id}: frame`);
      checkInteger(ptsUs, Number.MIN_SAFE_INTEGER, `${video.id}: ptsUs`);
    }
    const bytes = bytesOf(this.encode(embeddings, video.id));
    const kept = frames.map(({ frame, ptsUs }) => ({ frame, ptsUs }));
    this.videos.push({ video, frames: kept, bytes });
    this.pendingIds.add(video.id);
    await this.commitWhenDue();
  }

  /** Records that a video yielded no rows, and why; `completed` says which of them a later run tries again. */
  async addFailure(failure: VideoFailure): Promise<void> {
    const video = this.admit(failure);
    const { code, message, retryable } = failure.error;
    this.failures.push({ ...video, error: { code, message, retryable } });
    this.pendingIds.add(video.id);
    await this.commitWhenDue();
  }

  /** Puts what waits on the disk. After a failure it still waits, and the commit can be tried again. */
  commit(): Promise<void> {
    const done = this.queue.then(() => this.flush());
    this.queue = done.catch(() => undefined);
    return done;
  }

  /** Commits, and lets others write. Further calls do nothing more. */
  close(): Promise<void> {
    this.closing ??= this.commit().finally(() => this.release());
    return this.closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private admit(video: StoredVideo): StoredVideo {
    if (this.closing !== undefined) throw new UnreelError("ERR_UNREEL_DISPOSED", "The store's writer is closed");
    const facts = factsOf(video);
    if (this.pendingIds.has(facts.id) || this.ledger.videos.has(facts.id)) {
      throw new UnreelTypeError(`The store has ${facts.id} already; see completed()`);
    }
    return facts;
  }

  private encode(embeddings: Float32Array, id: string): Uint16Array | Float32Array {
    if (this.description.dtype === "<f4") return embeddings.slice();
    const halves = encodeFloat16(embeddings);
    const tooLarge = overflowingIndex(embeddings, halves);
    if (tooLarge < 0) return halves;
    throw new UnreelRangeError(
      `${id}: ${embeddings[tooLarge]} is beyond float16 (65504); make the store with dtype "<f4" (--dtype f32)`,
    );
  }

  private async commitWhenDue(): Promise<void> {
    const due = performance.now() - this.lastCommit >= this.commitAfterMs || this.pendingRows >= this.commitAfterRows;
    if (due) await this.commit();
  }

  private async flush(): Promise<void> {
    const { videos, failures } = this;
    if (videos.length === 0 && failures.length === 0) return;
    this.videos = [];
    this.failures = [];
    try {
      this.ledger.apply(await this.writeShard(videos, failures));
    } catch (error) {
      this.videos = [...videos, ...this.videos];
      this.failures = [...failures, ...this.failures];
      throw writeError(error, this.layout.root);
    }
    this.nextShard += this.shardStep;
    for (const { video } of videos) this.pendingIds.delete(video.id);
    for (const { id } of failures) this.pendingIds.delete(id);
    this.lastCommit = performance.now();
  }

  private async writeShard(videos: readonly PendingVideo[], failures: readonly FailedVideo[]): Promise<Commit> {
    const shard = this.nextShard;
    const commit: Commit = {
      shard,
      rows: videos.reduce((sum, { frames }) => sum + frames.length, 0),
      files: videos.length === 0 ? undefined : await this.writeRows(shard, videos),
      videos: videos.map(({ video, frames }) => ({ id: video.id, rows: frames.length })),
      failures,
    };
    await writeSynced(this.layout.temporary("commit", shard), [Buffer.from(encodeCommit(commit))]);
    await this.publish("commit", shard);
    return commit;
  }

  private async writeRows(shard: number, videos: readonly PendingVideo[]): Promise<Commit["files"]> {
    const { dimension, dtype } = this.description;
    const rows = videos.reduce((sum, { frames }) => sum + frames.length, 0);
    const header = encodeNpyHeader({ type: dtype, shape: [rows, dimension] });
    const vectors = [header, ...videos.map(({ bytes }) => bytes)];
    const embeddings = await writeSynced(this.layout.temporary("embeddings", shard), vectors);
    const metadata = await writeSynced(this.layout.temporary("metadata", shard), [await encodeMetadata(videos)]);
    await this.publish("embeddings", shard);
    await this.publish("metadata", shard);
    return { embeddings, metadata };
  }

  private publish(kind: ShardFile, shard: number): Promise<void> {
    return publish(this.layout.temporary(kind, shard), this.layout.file(kind, shard));
  }
}

/** Removes the files of shards without a commit that an earlier writer of the same share left when it was killed. */
async function removeLeftovers(layout: StoreLayout, ledger: Ledger, { index, count }: Shard): Promise<void> {
  const isOurs = (id: number | undefined): id is number => id !== undefined && id % count === index;
  for (const kind of ["embeddings", "metadata", "commit"] as const) {
    for (const name of await readdir(layout.work)) {
      if (isOurs(layout.idOf(kind, name))) await rm(join(layout.work, name), { force: true });
    }
    for (const name of await readdir(layout.folder(kind))) {
      const id = layout.idOf(kind, name);
      if (isOurs(id) && !ledger.commits.has(id)) await rm(join(layout.folder(kind), name), { force: true });
    }
  }
  await removeDescriptionLeftovers(layout);
}
