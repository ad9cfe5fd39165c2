import { createHash } from "node:crypto";
import type { DatasetVideo, VideoFacts } from "../datasets/video.js";
import type { Encoder } from "../encoder.js";
import { type CodedError, UnreelError } from "../errors.js";
import type { HttpOptions } from "../sources/http-options.js";
import type { VideoSource } from "../sources/video-source.js";
import { withoutSecrets } from "../sources/web-address.js";
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
  /** For videos that lie on a server. */
  readonly http?: HttpOptions;
  /** What is read for a video's path. Default: the path itself, which may be a URL. */
  readonly sourceOf?: (path: string) => VideoSource;
  /** Work that a kill may lose, in milliseconds. Default 10,000. */
  readonly commitAfterMs?: number;
  /** Also tries the videos again that failed for good in an earlier run: undecodable ones, for instance. Default false. */
  readonly retryFailed?: boolean;
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
  /** Videos whose rows the store had already. */
  readonly skipped: number;
  /** Videos that failed for good in an earlier run and were not tried again; see `retryFailed`. */
  readonly failedBefore: number;
  readonly videos: number;
  readonly failed: number;
  readonly rows: number;
}

/** What a run has to do, and what earlier runs did. */
export interface ExtractPlan extends Pick<ExtractSummary, "skipped" | "failedBefore"> {
  readonly wanted: readonly DatasetVideo[];
}

/** What shapes a label or a split; where a video lies does not. */
const comparedFacts = ["label", "split", "group", "source", "identities", "method", "dataset"] as const;

function shownFact(video: VideoFacts, fact: (typeof comparedFacts)[number]): string {
  const value = video[fact];
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return "nothing";
  if (fact === "label") return value === 1 ? "fake" : "real";
  return JSON.stringify(value);
}

/** Refuses videos that are stored already with other facts: the store would go on saying what the list no longer says. */
function assertSameFacts(videos: readonly DatasetVideo[], stored: readonly VideoFacts[], root: string): void {
  const before = new Map(stored.map((video) => [video.id, video]));
  for (const video of videos) {
    const known = before.get(video.id);
    if (known === undefined) continue;
    for (const fact of comparedFacts) {
      const [was, is] = [shownFact(known, fact), shownFact(video, fact)];
      if (was === is) continue;
      throw new UnreelError(
        "ERR_UNREEL_MANIFEST_INVALID",
        `${video.id}: its ${fact} is ${is} now and ${was} in the store ${root}, which keeps what it was made with. ` +
          "Give the same facts as before, or extract into a new folder (--out).",
        { path: video.path, id: video.id, field: fact, stored: was, given: is },
      );
    }
  }
}

/**
 * Says what a run will do, without doing it.
 *
 * @throws UnreelError `ERR_UNREEL_MANIFEST_INVALID` when a video is stored with another label, split, group, source,
 * identities, method or dataset
 */
export async function planExtraction(
  videos: readonly DatasetVideo[],
  store: FeatureStore,
  { shard, retryFailed = false }: Pick<ExtractOptions, "shard" | "retryFailed"> = {},
): Promise<ExtractPlan> {
  const mine = videos.filter(({ id }) => shard === undefined || isInShard(id, shard));
  const completed = await store.completed({ retryFailed });
  const failures = (await store.failures()).filter(({ id }) => completed.has(id));
  if (completed.size > 0) assertSameFacts(mine, [...(await store.videos()), ...failures], store.root);
  const failed = new Set(failures.map(({ id }) => id));
  return {
    wanted: mine.filter(({ id }) => !completed.has(id)),
    skipped: mine.filter(({ id }) => completed.has(id) && !failed.has(id)).length,
    failedBefore: mine.filter(({ id }) => failed.has(id)).length,
  };
}

/**
 * Embeds the videos that the store does not have yet and commits them shard by shard. Killed at any moment, the next run
 * goes on where this one stopped. A video that fails is recorded with its error, and the run goes on; the next run tries
 * it again where its file could not be read, was cut off or was over a limit.
 *
 * @throws UnreelError `ERR_UNREEL_MANIFEST_INVALID` before any work when a video is stored with other facts,
 * `ERR_UNREEL_STORE_LOCKED`, `ERR_UNREEL_ABORTED`, `ERR_UNREEL_IO`
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
 * console.log(summary.videos, summary.rows, summary.failed, summary.failedBefore);
 * ```
 */
export async function extractFeatures(
  videos: readonly DatasetVideo[],
  encoder: Encoder,
  store: FeatureStore,
  options: ExtractOptions = {},
): Promise<ExtractSummary> {
  const { count = 16, shard, signal } = options;
  const plan = await planExtraction(videos, store, options);
  // One file may stand under several ids: it is embedded once and stored for each.
  const { sourceOf = (path: string) => path } = options;
  const byPath = new Map<string, DatasetVideo[]>();
  for (const video of plan.wanted) byPath.set(video.path, [...(byPath.get(video.path) ?? []), video]);
  const wanted = new Map<VideoSource, DatasetVideo[]>();
  for (const [path, videos] of byPath) wanted.set(sourceOf(path), videos);
  const writer = await store.writer({ shard, commitAfterMs: options.commitAfterMs });
  const summary = { skipped: plan.skipped, failedBefore: plan.failedBefore, videos: 0, failed: 0, rows: 0 };
  try {
    const results = encoder.embed(wanted.keys(), {
      count,
      ...(options.batch !== undefined && { batch: options.batch }),
      ...(options.concurrency !== undefined && { concurrency: options.concurrency }),
      ...(options.limits !== undefined && { limits: options.limits }),
      ...(options.http !== undefined && { http: options.http }),
      ...(signal !== undefined && { signal }),
    });
    for await (const result of results) {
      for (const video of wanted.get(result.source) ?? []) {
        const uri = withoutSecrets(video.path);
        if (result.ok) {
          await writer.add({ ...video, uri, frames: result.frames, embeddings: result.embeddings });
          summary.videos++;
          summary.rows += result.frames.length;
          options.onVideo?.({ video, rows: result.frames.length });
        } else {
          await writer.addFailure({ ...video, uri, error: result.error });
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
function isInShard(id: string, { index, count }: Shard): boolean {
  return createHash("sha256").update(id).digest().readUInt32BE(0) % count === index;
}
