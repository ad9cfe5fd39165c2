import { createHash } from "node:crypto";
import type { DatasetVideo } from "../datasets/video.js";
import type { Encoder } from "../encoder.js";
import type { CodedError } from "../errors.js";
import type { Limits } from "../video.js";
import type { Shard } from "./layout.js";
import type { FeatureStore } from "./store.js";

/** Options of {@link extractFeatures}. */
export interface ExtractOptions {
  /** Frames per video, spread evenly. Default 16. */
  readonly count?: number;
  readonly batch?: number;
  /** Videos in flight. */
  readonly concurrency?: number;
  /** This run's share of the videos; runs with other shares may write to the same store at the same time. */
  readonly shard?: Shard;
  readonly limits?: Limits;
  /** Work that a kill may lose, in milliseconds. Default 10,000. */
  readonly commitAfterMs?: number;
  /** Stops taking videos, commits what is done, then rejects with `ERR_UNREEL_ABORTED`. */
  readonly signal?: AbortSignal;
  readonly onVideo?: (result: ExtractedVideo) => void;
}

/** What became of one video. */
export interface ExtractedVideo {
  readonly video: DatasetVideo;
  readonly rows: number;
  readonly error?: CodedError;
}

/** What a run did. */
export interface ExtractSummary {
  /** Videos that the store had already. */
  readonly skipped: number;
  readonly videos: number;
  readonly failed: number;
  readonly rows: number;
}

/**
 * Embeds the videos that the store does not have yet and commits them shard by shard. Killed at any moment, the next run
 * goes on where this one stopped. A video that fails is recorded with its error, and the run goes on.
 *
 * @throws UnreelError `ERR_UNREEL_STORE_LOCKED`, `ERR_UNREEL_ABORTED`, `ERR_UNREEL_IO`
 *
 * @example
 * ```ts
 * import { createOrOpenStore, extractFeatures, loadEncoder, loadManifest } from "unreel";
 *
 * await using encoder = await loadEncoder("encoder.onnx");
 * const { videos } = await loadManifest("manifest.csv");
 * const fingerprint = encoder.fingerprint(4);
 * const store = await createOrOpenStore("new-features", { dimension: encoder.info.dimension, fingerprint });
 * const summary = await extractFeatures(videos, encoder, store, { count: 4 });
 * console.log(summary.videos, summary.rows, summary.failed);
 * ```
 */
export async function extractFeatures(
  videos: readonly DatasetVideo[],
  encoder: Encoder,
  store: FeatureStore,
  options: ExtractOptions = {},
): Promise<ExtractSummary> {
  const { count = 16, shard, signal } = options;
  const mine = videos.filter(({ id }) => shard === undefined || isInShard(id, shard));
  const completed = await store.completed();
  // One file may stand under several ids: it is embedded once and stored for each.
  const wanted = new Map<string, DatasetVideo[]>();
  for (const video of mine) {
    if (!completed.has(video.id)) wanted.set(video.path, [...(wanted.get(video.path) ?? []), video]);
  }
  const writer = await store.writer({ shard, commitAfterMs: options.commitAfterMs });
  const summary = { skipped: mine.filter(({ id }) => completed.has(id)).length, videos: 0, failed: 0, rows: 0 };
  try {
    const results = encoder.embed(wanted.keys(), {
      count,
      ...(options.batch !== undefined && { batch: options.batch }),
      ...(options.concurrency !== undefined && { concurrency: options.concurrency }),
      ...(options.limits !== undefined && { limits: options.limits }),
      ...(signal !== undefined && { signal }),
    });
    for await (const result of results) {
      for (const video of wanted.get(result.source) ?? []) {
        if (result.ok) {
          await writer.add({ ...video, uri: video.path, frames: result.frames, embeddings: result.embeddings });
          summary.videos++;
          summary.rows += result.frames.length;
          options.onVideo?.({ video, rows: result.frames.length });
        } else {
          await writer.addFailure({ ...video, uri: video.path, error: result.error });
          summary.failed++;
          options.onVideo?.({ video, rows: 0, error: result.error });
        }
      }
    }
  } finally {
    await writer.close();
  }
  return summary;
}

/** Whether a video belongs to a share of the work: its id alone decides, so that processes need not see the same list. */
export function isInShard(id: string, { index, count }: Shard): boolean {
  return createHash("sha256").update(id).digest().readUInt32BE(0) % count === index;
}
