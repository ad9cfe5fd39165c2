import { createHash } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Decisions, fitDecisions } from "../calibration/decisions.js";
import {
  checkpointFile,
  type EncoderReference,
  headFile,
  prepareDetectorFolder,
  readDescription,
  svmFile,
  type TrainingRecord,
  writeDescription,
} from "../detector-folder.js";
import { throwIfAborted, UnreelError } from "../errors.js";
import type { Grouped } from "../evaluation/bootstrap.js";
import { storedLeakFactsOf } from "../features/content.js";
import type { FeatureStore, FeatureTable, TableVideo } from "../features/store.js";
import { assertSameFingerprint } from "../fingerprint.js";
import { nativeBinding } from "../native/load.js";
import { blocksOf } from "./blocks.js";
import { ProjectionHead } from "./head.js";
import { historyFile, writeHistory } from "./history.js";
import { partition } from "./partition.js";
import { scoreRows, svmInput } from "./score.js";
import { type Svm, trainSvm } from "./svm.js";
import type { TrainSvmOptions } from "./svm-options.js";
import {
  type HeadOrigin,
  nativeHeadOptions,
  runTraining,
  type TrainHeadOptions,
  type TrainingData,
  TrainingError,
} from "./train-head.js";
import { storedTrainingRows, trainingSplits, trainingTableOf } from "./training-rows.js";

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

/** Options of {@link trainDetectorSvm}. */
export interface DetectorSvmOptions extends Pick<TrainSvmOptions, "kernel" | "c" | "gamma"> {
  /** What the SVM sees. Default `projection`. */
  readonly features?: "projection" | "encoder";
  /** Leaves the folder as it was and rejects with `ERR_UNREEL_ABORTED`; the solver itself runs to its end. */
  readonly signal?: AbortSignal;
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
function manifestHash(videos: readonly TableVideo[]): string {
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
  await rm(join(dir, svmFile), { force: true });
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

/**
 * Trains the detector's SVM on the rows that trained its head, and chooses thresholds and calibration on the validation
 * groups, which trained neither.
 *
 * @example
 * ```ts
 * import { openStore, trainDetectorHead, trainDetectorSvm } from "unreel";
 *
 * const features = await openStore("features");
 * await trainDetectorHead(features, "new-detector", { dim: 16, epochs: 3 });
 * const { svm, thresholds, calibration } = await trainDetectorSvm(features, "new-detector", { kernel: "rbf" });
 * console.log(svm.supportVectorCount, thresholds.length, calibration.method);
 * ```
 */
export async function trainDetectorSvm(
  store: FeatureStore,
  dir: string,
  options: DetectorSvmOptions = {},
): Promise<Decisions & { readonly svm: Svm }> {
  const { features = "projection", kernel = "rbf", c = 1, gamma = 1, signal } = options;
  const description = await readDescription(dir);
  assertSameFingerprint(
    description.fingerprint,
    store.info.fingerprint,
    `the detector ${dir} and the features ${store.root}`,
  );
  const table = await store.read({ labelled: true, splits: trainingSplits });
  if (manifestHash(table.videos) !== description.training.manifestSha256) {
    throw new UnreelError(
      "ERR_UNREEL_FINGERPRINT_MISMATCH",
      `The videos in ${store.root} are not those that trained the head of ${dir}; run unreel train head on them first.`,
      { path: store.root },
    );
  }
  const validationGroups = new Set(description.training.validationGroups);
  const chooses = (row: number) => validationGroups.has(table.groups[row] ?? "");
  const head = features === "projection" ? await ProjectionHead.load(join(dir, headFile)) : undefined;
  const blocks = blocksOf(store.info.fingerprint, table.dimension);
  const x = await svmInput(table.x, table.rows, blocks, head);
  const dims = x.length / table.rows;
  const rows = Array.from({ length: table.rows }, (_, row) => row).filter((row) => !chooses(row));
  const fit = new Float64Array(rows.length * dims);
  rows.forEach((row, i) => {
    fit.set(x.subarray(row * dims, (row + 1) * dims), i * dims);
  });
  const labels = Int32Array.from(rows, (row) => table.labels[row] ?? 0);
  throwIfAborted(signal);
  const svm = await trainSvm(fit, labels, { rows: rows.length, dims, kernel, c, gamma });
  throwIfAborted(signal);
  const scores = await scoreRows(table.x, table.rows, blocks, head, svm);
  const { seed } = description.training;
  const decisions = await fitDecisions(videoScores(table, scores, chooses), {
    chosenOn: "validation",
    seed,
    ...(signal !== undefined && { signal }),
  });
  // From here on both files are written: one without the other would be no detector.
  throwIfAborted(signal);
  await svm.save(join(dir, svmFile));
  const { calibratedOn: _ofAnotherSvm, ...kept } = description;
  await writeDescription(
    dir,
    {
      ...kept,
      features,
      svm: { kernel, c, ...(kernel === "rbf" && { gamma }), supportVectors: svm.supportVectorCount },
      ...decisions,
    },
    [headFile, historyFile, svmFile],
  );
  return { svm, ...decisions };
}

/** Mean score of each video that `take` accepts. */
function videoScores(table: FeatureTable, scores: Float64Array, take: (row: number) => boolean): Grouped[] {
  return table.videos
    .filter(({ firstRow }) => take(firstRow))
    .map(({ label = 0, group, firstRow, rows }) => {
      const own = scores.subarray(firstRow, firstRow + rows);
      return { label, group, score: own.reduce((sum, score) => sum + score, 0) / rows };
    });
}
