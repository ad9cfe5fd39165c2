import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type Decisions, fitDecisions } from "../calibration/decisions.js";
import { type DetectorDescription, headFile, readDescription, svmFile, writeDescription } from "../detector-folder.js";
import { throwIfAborted, UnreelError } from "../errors.js";
import type { Grouped } from "../evaluation/bootstrap.js";
import type { FeatureStore, FeatureTable } from "../features/store.js";
import { assertSameFingerprint } from "../fingerprint.js";
import { checkInteger, checkOneOf } from "../validate.js";
import { blocksOf } from "./blocks.js";
import { manifestHash } from "./detector-training.js";
import { ProjectionHead } from "./head.js";
import { historyFile } from "./history.js";
import { svmInput } from "./score.js";
import { fitStandard, type Standard, standardFile, standardise, writeStandard } from "./standard.js";
import { type Svm, trainSvm } from "./svm.js";
import type { SvmGrid } from "./svm-grid.js";
import { checkFlag, type SvmOptions } from "./svm-options.js";
import { type FoundPoint, type SeenRows, type SvmRows, type SvmSearchOptions, searchPoint } from "./svm-search.js";
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
  const { features: _features, seed: _seed, standardize: _standardize, onProgress = () => {}, ...solver } = others;
  const { signal } = solver;
  const { features, standardize, seed } = checked(options);
  const description = await readDescription(dir);
  const table = await trainingTable(store, dir, description);
  const { rows, choosing, standard } = await seenBy(dir, table, description, features, standardize);
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
  const decisions = await fitDecisions(await choosingVideos(rows, choosing, found, svm), {
    chosenOn: choosing === undefined ? "out-of-fold" : "validation",
    seed,
    ...(signal !== undefined && { signal }),
  });
  // From here on all files are written: some without the others would be no detector.
  throwIfAborted(signal);
  const { calibratedOn: _ofAnotherSvm, ...kept } = description;
  await write(dir, { ...kept, features, svm: recordOf(svm, options, found), ...decisions }, svm, standard);
  return { svm, ...(found.grid !== undefined && { grid: found.grid }), ...decisions };
}

/** What neither the cross-validation nor the solver would look at in each case. */
function checked(options: DetectorSvmOptions): {
  readonly features: "projection" | "encoder";
  readonly standardize: boolean;
  readonly seed: number;
} {
  checkFlag(options.grid ?? false, "options.grid");
  checkInteger(options.folds ?? 5, 2, "options.folds");
  return {
    features: checkOneOf(options.features ?? "projection", ["projection", "encoder"], "options.features"),
    standardize: checkFlag(options.standardize ?? false, "options.standardize"),
    seed: checkInteger(options.seed ?? 1, 0, "options.seed"),
  };
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

/** The table's rows as the SVM sees them, on both sides; standardised by those that train. */
async function seenBy(
  dir: string,
  table: FeatureTable,
  description: DetectorDescription,
  features: "projection" | "encoder",
  standardize: boolean,
): Promise<{ readonly rows: SvmRows; readonly choosing?: SeenRows; readonly standard?: Standard }> {
  const x = await svmInput(table.x, table.rows, {
    blocks: blocksOf(description.fingerprint, table.dimension),
    head: features === "projection" ? await ProjectionHead.load(join(dir, headFile)) : undefined,
  });
  const dims = x.length / table.rows;
  const { training, choosing } = sidesOf(table, description, features);
  const rows = { ...rowsOf(x, dims, training), unitGamma: standardize ? 1 / dims : 1 };
  const others = choosing === undefined ? {} : { choosing: rowsOf(x, dims, choosing) };
  if (!standardize) return { rows, ...others };
  const standard = fitStandard(rows.x, dims);
  standardise(rows.x, standard);
  if (others.choosing !== undefined) standardise(others.choosing.x, standard);
  return { rows, ...others, standard };
}

/** Videos with scores that do not know their labels. */
async function choosingVideos(
  rows: SvmRows,
  choosing: SeenRows | undefined,
  { values }: FoundPoint,
  svm: Svm,
): Promise<Grouped[]> {
  if (choosing !== undefined) {
    return videoScores(choosing.videos, await svm.decisionValues(choosing.x, { rows: choosing.rows }));
  }
  if (values === undefined) throw new UnreelError("ERR_UNREEL_INTERNAL", "no out-of-fold values");
  return videoScores(rows.videos, values);
}

/** Writes the SVM, what goes before it, and detector.json last; a standard of an SVM before goes. */
async function write(
  dir: string,
  description: Omit<DetectorDescription, "files">,
  svm: Svm,
  standard: Standard | undefined,
): Promise<void> {
  await svm.save(join(dir, svmFile));
  if (standard !== undefined) await writeStandard(dir, standard);
  const files = [headFile, historyFile, svmFile, ...(standard === undefined ? [] : [standardFile])];
  await writeDescription(dir, description, files);
  if (standard === undefined) await rm(join(dir, standardFile), { force: true });
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
