import { createHash } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  checkpointFile,
  type EncoderReference,
  headFile,
  prepareDetectorFolder,
  svmFile,
  type TrainingRecord,
  writeDescription,
} from "../detector-folder.js";
import { UnreelError } from "../errors.js";
import { storedLeakFactsOf } from "../features/content.js";
import type { FeatureStore, TableVideo } from "../features/store.js";
import { nativeBinding } from "../native/load.js";
import { blocksOf } from "./blocks.js";
import type { ProjectionHead } from "./head.js";
import { historyFile, writeHistory } from "./history.js";
import { partition } from "./partition.js";
import { standardFile } from "./standard.js";
import {
  type HeadOrigin,
  nativeHeadOptions,
  runTraining,
  type TrainHeadOptions,
  type TrainingData,
  TrainingError,
} from "./train-head.js";
import { storedTrainingRows, trainingTableOf } from "./training-rows.js";

/** Options of {@link trainDetectorHead}. */
export type DetectorHeadOptions = TrainHeadOptions & DetectorSettings;

/** What a detector's folder needs beside its head. */
export interface DetectorSettings {
  /** Share of the groups kept for choosing the epoch and the thresholds, where no split is named `val`. Default 0.25. */
  readonly validation?: number;
  /** Frames below which a verdict is `inconclusive`. Default 4, or the features' frames a video where that is less. */
  readonly minFrames?: number;
  /** Where the features' encoders lie, in their order, for the scans to come. */
  readonly encoders?: readonly EncoderReference[];
}

/** A divergence, saying where the state before is: a smaller step may lead on from it, but nothing from a collapse. */
function withPlace(error: TrainingError, checkpoint: string): TrainingError {
  if (error.code !== "ERR_UNREEL_DIVERGED" || error.best === undefined) return error;
  const message = `${error.message} The state before is in ${checkpoint}.`;
  return new TrainingError(new UnreelError(error.code, message, { ...error.details, path: checkpoint }), error.best);
}

/** Of the rows' numbers, rounded to float16, video by video: a store of float32 that differs less counts as the same. */
function contentHash({ manifestSha256, videos }: TrainingRecord): string {
  const hash = createHash("sha256").update(manifestSha256);
  for (const { content = "" } of videos) hash.update(content);
  return hash.digest("hex");
}

/** Of the videos' ids, labels, groups and rows: the same rows train head and SVM. */
export function manifestHash(videos: readonly TableVideo[]): string {
  const manifest = createHash("sha256");
  for (const { id, label, group, rows } of videos) {
    manifest.update(`${JSON.stringify([id, label ?? null, group, rows])}\n`);
  }
  return manifest.digest("hex");
}

/**
 * Trains the projection head on a store and writes the detector folder. It trains on standardised features: each with mean
 * 0 and deviation 1 over the training rows, then each encoder's block with the same weight, so that none drowns another;
 * the head that is kept takes embeddings as they are. Rows are read batch by batch: the store may be larger than memory.
 * An SVM that was in the folder goes, since it saw another head.
 *
 * After each epoch the training is kept in `checkpoint.safetensors`, from which the same call goes on to the same bytes;
 * the file goes when the training has come to its end, and stays, of the epochs before, when it was stopped, diverged or
 * collapsed.
 *
 * @example
 * ```ts
 * import { openStore, trainDetectorHead } from "unreel";
 *
 * const head = await trainDetectorHead(await openStore("features"), "new-detector", { dim: 16, epochs: 3 });
 * console.log(head.dimension, head.bestEpoch);
 * ```
 */
export async function trainDetectorHead(
  store: FeatureStore,
  dir: string,
  options: DetectorHeadOptions = {},
): Promise<ProjectionHead & HeadOrigin> {
  const { validation = 0.25, minFrames = 4, encoders, ...training } = options;
  const seed = options.seed ?? 1;
  await prepareDetectorFolder(dir);
  const table = await trainingTableOf(store);
  const { fingerprint } = store.info;
  const native = nativeHeadOptions(training, table.dimension);
  const parts = partition(table, validation, seed);
  const record: TrainingRecord = {
    unreel: nativeBinding().versions().unreel,
    manifestSha256: manifestHash(table.videos),
    rows: table.rows,
    videos: await storedLeakFactsOf(table),
    validationGroups: parts.validationGroups,
    seed,
  };
  await mkdir(dir, { recursive: true });
  const checkpoint = join(dir, checkpointFile);
  const data: TrainingData = {
    ...storedTrainingRows(table, parts.validation),
    blocks: blocksOf(fingerprint, table.dimension),
    identity: () => contentHash(record),
  };
  const head = await runTraining(data, native, { ...training, checkpoint }).catch((error: unknown) => {
    throw error instanceof TrainingError ? withPlace(error, checkpoint) : error;
  });
  for (const file of [svmFile, standardFile]) await rm(join(dir, file), { force: true });
  await head.save(join(dir, headFile));
  await writeHistory(dir, head);
  await writeDescription(
    dir,
    {
      schema: 1,
      fingerprint,
      training: record,
      head: { ...head.metadata, kind: head.kind, dimension: head.dimension },
      minFrames: Math.min(minFrames, Number(fingerprint.count)),
    },
    [headFile, historyFile],
    encoders,
  );
  if (head.end !== "stopped") await rm(checkpoint, { force: true });
  return head;
}
