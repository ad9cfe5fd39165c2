import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type Decisions, fitDecisions } from "../calibration/decisions.js";
import { type DetectorDescription, headFile, readDescription, svmFile, writeDescription } from "../detector-folder.js";
import { throwIfAborted, UnreelError } from "../errors.js";
import type { Grouped } from "../evaluation/bootstrap.js";
import type { FeatureStore, FeatureTable } from "../features/store.js";
import { assertSameFingerprint } from "../fingerprint.js";
import { blocksOf } from "./blocks.js";
import { manifestHash } from "./detector-training.js";
import { ProjectionHead } from "./head.js";
import { historyFile } from "./history.js";
import { type SvmView, svmInput } from "./score.js";
import { fitStandard, standardFile, standardise, writeStandard } from "./standard.js";
import { type Svm, trainSvm } from "./svm.js";
import type { SvmGrid } from "./svm-grid.js";
import type { SvmOptions } from "./svm-options.js";
import { type FoundPoint, type SeenRows, type SvmSearchOptions, searchPoint } from "./svm-search.js";
import { trainingSplits } from "./training-rows.js";
import { type VideoRows, videoScores } from "./video-scores.js";

/** How far {@link trainDetectorSvm} is: trainings of the cross-validation, or the solver's way to the last machine. */
export type DetectorSvmProgress =
  | { readonly step: "cross-validation"; readonly done: number; readonly all: number }
  | { readonly step: "training"; readonly iterations: number; readonly gap: number };

/** Options of {@link trainDetectorSvm}. The classes are weighted by their sizes. */
export interface DetectorSvmOptions extends SvmSearchOptions, Omit<SvmOptions, "rows" | "dims" | "classWeights"> {
  /**
   * What the SVM sees. Default `projection`: it trains on the groups that trained the head, and the validation groups
   * choose thresholds and calibration. `encoder`: it trains on all groups, each of which takes its turn in choosing, by a
   * cross-validation.
   */
  readonly features?: "projection" | "encoder";
  /**
   * Standardise what the SVM sees: each number less its mean and by its deviation, over the rows that train the SVM; both
   * are stored with the detector. A number that does not vary becomes 0. Default false.
   */
  readonly standardize?: boolean;
  readonly onProgress?: (progress: DetectorSvmProgress) => void;
}

/** What {@link trainDetectorSvm} made. */
export interface TrainedSvm extends Decisions {
  readonly svm: Svm;
  /** Where a grid was searched. */
  readonly grid?: SvmGrid;
}

/**
 * Trains the detector's SVM on the rows that trained its head, and chooses thresholds and calibration on videos whose
 * labels the scores do not know. An aborted training leaves the folder as it was.
 *
 * @throws UnreelError `ERR_UNREEL_FINGERPRINT_MISMATCH`, `ERR_UNREEL_DETECTOR_INVALID`, `ERR_UNREEL_TOO_FEW_GROUPS` (fewer
 * than folds), `ERR_UNREEL_ABORTED`, and what {@link trainSvm} throws
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
): Promise<TrainedSvm> {
  const { c: _c, gamma: _gamma, grid: _grid, folds: _folds, ...others } = options;
  const { features = "projection", seed = 1, standardize = false, onProgress = () => {}, ...solver } = others;
  const { signal } = solver;
  const description = await readDescription(dir);
  const table = await trainingTable(store, dir, description);
  const view: SvmView = {
    blocks: blocksOf(store.info.fingerprint, table.dimension),
    head: features === "projection" ? await ProjectionHead.load(join(dir, headFile)) : undefined,
  };
  const x = await svmInput(table.x, table.rows, view);
  const dims = x.length / table.rows;
  const unitGamma = standardize ? 1 / dims : 1;
  const { training, choosing } = sidesOf(table, description, features);
  const standard = standardize ? fitStandard(rowsOf(x, dims, training).x, dims) : undefined;
  if (standard !== undefined) standardise(x, standard);
  const rows = { ...rowsOf(x, dims, training), unitGamma };
  throwIfAborted(signal);
  const found = await searchPoint(
    rows,
    options,
    { ...solver, onProgress: (progress) => onProgress({ step: "cross-validation", ...progress }) },
    choosing === undefined,
  );
  const svm = await trainSvm(rows.x, rows.labels, {
    ...solver,
    ...{ rows: rows.rows, dims: rows.dims, c: found.c, gamma: found.gamma },
    onProgress: (progress) => onProgress({ step: "training", ...progress }),
  });
  const chosenOn = choosing === undefined ? "out-of-fold" : "validation";
  const videos =
    choosing === undefined
      ? videoScores(rows.videos, found.values ?? new Float64Array())
      : await videosScored(rowsOf(x, dims, choosing), svm);
  const decisions = await fitDecisions(videos, { chosenOn, seed, ...(signal !== undefined && { signal }) });
  // From here on all files are written: some without the others would be no detector.
  throwIfAborted(signal);
  await svm.save(join(dir, svmFile));
  if (standard !== undefined) await writeStandard(dir, standard);
  const { calibratedOn: _ofAnotherSvm, ...kept } = description;
  const written = { ...kept, features, svm: recordOf(svm, options, found), ...decisions };
  const files = [headFile, historyFile, svmFile, ...(standard === undefined ? [] : [standardFile])];
  await writeDescription(dir, written, files);
  if (standard === undefined) await rm(join(dir, standardFile), { force: true });
  return { svm, ...(found.grid !== undefined && { grid: found.grid }), ...decisions };
}

/** The rows that trained the head, with those that chose its epoch. */
async function trainingTable(
  store: FeatureStore,
  dir: string,
  description: DetectorDescription,
): Promise<FeatureTable> {
  assertSameFingerprint(
    description.fingerprint,
    store.info.fingerprint,
    `the detector ${dir} and the features ${store.root}`,
  );
  const table = await store.read({ labelled: true, splits: trainingSplits });
  if (manifestHash(table.videos) === description.training.manifestSha256) return table;
  throw new UnreelError(
    "ERR_UNREEL_FINGERPRINT_MISMATCH",
    `The videos in ${store.root} are not those that trained the head of ${dir}; run unreel train head on them first.`,
    { path: store.root },
  );
}

/**
 * Which videos train the SVM, and which choose thresholds and calibration. Projections know the labels of what trained
 * the head, so that only the validation groups may choose; embeddings know none, and all groups train, and choose by
 * their out-of-fold values.
 */
function sidesOf(
  { videos }: FeatureTable,
  { training: { validationGroups } }: DetectorDescription,
  features: "projection" | "encoder",
): { readonly training: readonly VideoRows[]; readonly choosing?: readonly VideoRows[] } {
  if (features === "encoder") return { training: videos };
  const validation = new Set(validationGroups);
  return {
    training: videos.filter(({ group }) => !validation.has(group)),
    choosing: videos.filter(({ group }) => validation.has(group)),
  };
}

/** The rows of some videos, one video after the other. */
function rowsOf(x: Float32Array, dims: number, videos: readonly VideoRows[]): SeenRows {
  const count = videos.reduce((sum, { rows }) => sum + rows, 0);
  const taken = new Float32Array(count * dims);
  const placed: VideoRows[] = [];
  let firstRow = 0;
  for (const video of videos) {
    taken.set(x.subarray(video.firstRow * dims, (video.firstRow + video.rows) * dims), firstRow * dims);
    placed.push({ ...video, firstRow });
    firstRow += video.rows;
  }
  const ofRows = <T>(of: (video: VideoRows) => T) =>
    placed.flatMap((video) => new Array<T>(video.rows).fill(of(video)));
  return {
    x: taken,
    labels: Int32Array.from(ofRows(({ label = 0 }) => label)),
    groups: ofRows(({ group }) => group),
    rows: count,
    dims,
    videos: placed,
  };
}

async function videosScored({ x, rows, videos }: SeenRows, svm: Svm): Promise<Grouped[]> {
  return videoScores(videos, await svm.decisionValues(x, { rows }));
}

/** `svm` of detector.json. */
function recordOf(svm: Svm, options: DetectorSvmOptions, found: FoundPoint): Record<string, number | string> {
  const { coef0 = 0, degree = 3, folds = 5, seed = 1 } = options;
  const { kernel } = svm;
  return {
    kernel,
    c: found.c,
    ...(kernel !== "linear" && { gamma: svm.gamma }),
    ...((kernel === "polynomial" || kernel === "sigmoid") && { coef0 }),
    ...(kernel === "polynomial" && { degree }),
    chosenBy: found.grid === undefined ? "given" : "one-standard-error",
    ...(found.values !== undefined && { folds }),
    seed,
    supportVectors: svm.supportVectorCount,
  };
}
