import { type Decisions, fitDecisions } from "../calibration/decisions.js";
import type { CalibrationOptions } from "../calibration/fit.js";
import { assertNoLeak, type Shareable } from "../datasets/leak.js";
import { readDescription, writeDescription } from "../detector-folder.js";
import { throwIfAborted, UnreelError } from "../errors.js";
import { leakFactsOf } from "../features/content.js";
import type { FeatureStore, FeatureTable } from "../features/store.js";
import { assertSameFingerprint } from "../fingerprint.js";
import { nativeBinding } from "../native/load.js";
import { blocksOf } from "../training/blocks.js";
import { loadView } from "../training/detector-view.js";
import { scoreRows } from "../training/score.js";
import { videoScores } from "../training/video-scores.js";
import { checkInteger, checkOneOf } from "../validate.js";

/** Options of {@link calibrateDetector}. */
export interface CalibrateDetectorOptions extends Pick<CalibrationOptions, "signal"> {
  /** The split to calibrate on. Default: all labelled videos of the store. */
  readonly split?: string;
  /** `auto` (default): isotonic regression from 1,000 videos on, else Platt's sigmoid. */
  readonly method?: NonNullable<CalibrationOptions["method"]>;
  /** Of resamples of groups, and of the folds that judge the calibration. Default 1. */
  readonly seed?: number;
  /** What the videos may share with those that trained the detector; a shared video is refused always. */
  readonly allowShared?: ReadonlySet<Shareable>;
}

/** Ways to fit a calibration; see {@link CalibrateDetectorOptions}. */
export const calibrationMethods = ["auto", "sigmoid", "isotonic"] as const;

/**
 * Chooses a detector's thresholds and fits its calibration anew, on labelled videos of the user's own, which trained
 * nothing: they hold then for videos like those. Videos that are too short for a verdict do not count. detector.json is
 * replaced at once or not at all; head and SVM stay as they are.
 *
 * @throws UnreelError `ERR_UNREEL_FINGERPRINT_MISMATCH`, `…_SPLIT_EMPTY`, `…_SPLIT_LEAK`, `…_ONE_CLASS`,
 * `…_DETECTOR_INVALID`, `…_ABORTED`
 *
 * @example
 * ```ts
 * import { calibrateDetector, openStore } from "unreel";
 *
 * const mine = await openStore("features");
 * const { thresholds, calibration } = await calibrateDetector(mine, "detector", { split: "test" });
 * console.log(thresholds.length, calibration.method);
 * ```
 */
export async function calibrateDetector(
  store: FeatureStore,
  dir: string,
  options: CalibrateDetectorOptions = {},
): Promise<Decisions> {
  const { split, allowShared = new Set<Shareable>(), signal } = options;
  const method = checkOneOf(options.method ?? "auto", calibrationMethods, "options.method");
  const seed = checkInteger(options.seed ?? 1, 0, "options.seed");
  const description = await readDescription(dir);
  const { view, svm } = await loadView(dir, description);
  assertSameFingerprint(
    description.fingerprint,
    store.info.fingerprint,
    `the detector ${dir} and the features ${store.root}`,
  );
  const table = await store.read({ labelled: true, ...(split !== undefined && { splits: [split] }) });
  const long = table.videos.filter(({ rows }) => rows >= description.minFrames);
  if (long.length === 0) throw noVideos(store, table, description.minFrames, split);
  const videos = leakFactsOf(table);
  const names = ["the detector's training set", "the videos to calibrate on"] as const;
  assertNoLeak(description.training.videos, videos, allowShared, names);
  const blocks = blocksOf(description.fingerprint, table.dimension);
  const scores = await scoreRows(table.x, table.rows, { ...view, blocks }, svm);
  const decisions = await fitDecisions(videoScores(long, scores), {
    ...{ chosenOn: "calibration", method, seed },
    ...(signal !== undefined && { signal }),
  });
  throwIfAborted(signal);
  const { files, ...kept } = description;
  const calibratedOn = { unreel: nativeBinding().versions().unreel, videos };
  await writeDescription(dir, { ...kept, ...decisions, calibratedOn }, Object.keys(files));
  return decisions;
}

function noVideos(store: FeatureStore, { rows }: FeatureTable, minFrames: number, split: string | undefined) {
  const which = split === undefined ? "" : ` of split ${split}`;
  const why =
    rows === 0 ? `no labelled videos${which}` : `no labelled videos${which} with the ${minFrames} frames of a verdict`;
  return new UnreelError("ERR_UNREEL_SPLIT_EMPTY", `The store ${store.root} has ${why}.`, {
    path: store.root,
    ...(split !== undefined && { split }),
  });
}
