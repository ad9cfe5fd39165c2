import type { ChosenOn } from "../calibration/calibration.js";
import { type OperatingPoint, thresholdNamed } from "../calibration/operating-points.js";
import type { ThresholdRule } from "../calibration/thresholds.js";
import { assertNoLeak, findLeaks, type Shareable } from "../datasets/leak.js";
import { damaged, readDescription } from "../detector-folder.js";
import { UnreelError } from "../errors.js";
import type { StoredVideo } from "../features/commit.js";
import { leakFactsOf } from "../features/content.js";
import type { FeatureStore } from "../features/store.js";
import type { FeatureTable } from "../features/table.js";
import { assertSameFingerprint, encodersOf, fingerprintHash } from "../fingerprint.js";
import { nativeBinding } from "../native/load.js";
import { blocksOf } from "../training/blocks.js";
import { loadView } from "../training/detector-view.js";
import { historyFile, readHistory, type TrainingHistory } from "../training/history.js";
import { scoreRows } from "../training/score.js";
import { type EvaluateOptions, evaluate, type Report } from "./evaluate.js";
import type { Prediction } from "./prediction.js";

/** Options of {@link evaluateDetector}. */
export interface EvaluateDetectorOptions {
  /** The split to test on. Default `test`. */
  readonly split?: string;
  /** What the tested videos may share with those that trained the detector; a shared video is refused always. */
  readonly allowShared?: ReadonlySet<Shareable>;
  /** An operating point, or a threshold of the detector. Default `balanced`. */
  readonly threshold?: OperatingPoint | ThresholdRule;
  /** The share of fakes where the detector is to be used: the report has the precision there. */
  readonly prevalence?: number;
  readonly bootstrap?: EvaluateOptions["bootstrap"];
  readonly title?: string;
  /** As the user typed it, for the report. */
  readonly command?: string;
}

/**
 * Scores a split of a store with a detector and measures it, its thresholds and its probabilities.
 *
 * @throws UnreelError `ERR_UNREEL_FINGERPRINT_MISMATCH`, `…_SPLIT_EMPTY`, `…_SPLIT_LEAK`, `…_ONE_CLASS`,
 * `…_DETECTOR_INVALID`
 *
 * @example
 * ```ts
 * import { evaluateDetector, openStore } from "unreel";
 *
 * const report = await evaluateDetector(await openStore("features"), "detector", { split: "test" });
 * console.log(report.video.auc, report.interval);
 * ```
 */
export async function evaluateDetector(
  store: FeatureStore,
  dir: string,
  options: EvaluateDetectorOptions = {},
): Promise<Report> {
  const { split = "test", allowShared = new Set<Shareable>() } = options;
  const description = await readDescription(dir);
  const { view, svm } = await loadView(dir, description);
  const threshold = thresholdNamed(description, options.threshold ?? "balanced");
  const { calibration, calibratedOn } = description;
  assertSameFingerprint(
    description.fingerprint,
    store.info.fingerprint,
    `the detector ${dir} and the features ${store.root}`,
  );
  const wanted = { labelled: true, splits: [split] };
  const table = await store.read(wanted);
  if (table.rows === 0) {
    throw new UnreelError("ERR_UNREEL_SPLIT_EMPTY", `The store ${store.root} has no labelled rows of split ${split}.`, {
      path: store.root,
      split,
    });
  }
  const tested = leakFactsOf(table);
  const seen = [...description.training.videos, ...(calibratedOn?.videos ?? [])];
  assertNoLeak(seen, tested, allowShared, ["the detector's training set", `split ${split}`]);
  const shared = findLeaks(seen, tested).map(({ kind }) => kind);
  const trainedOn =
    shared.length === 0 ? "other videos" : `videos that share ${shared.join(" and ")} with the tested ones`;
  const blocks = blocksOf(description.fingerprint, table.dimension);
  const scores = await scoreRows(table.x, table.rows, { ...view, blocks }, svm);
  const predictions = [
    ...framePredictions(table, scores, description.minFrames),
    ...(await store.failures(wanted)).map((failed) => ({ ...identity(failed), reason: failed.error.code })),
  ];
  const training = description.files[historyFile] === undefined ? undefined : await historyOf(dir);
  const datasets = [...new Set(table.videos.map(({ dataset }) => dataset ?? "unnamed"))].join(", ");
  const synthetic = /synthetic/i.test(datasets);
  return evaluate(predictions, {
    title: options.title ?? `${datasets}, split ${split}`,
    threshold: { name: threshold.name, value: threshold.value, chosenOn: threshold.chosenOn },
    ...(calibration !== undefined && calibration.method !== "none" && { calibration }),
    ...(options.prevalence !== undefined && { prevalence: options.prevalence }),
    ...(options.bootstrap !== undefined && { bootstrap: options.bootstrap }),
    ...(synthetic && { synthetic: datasets }),
    ...(training !== undefined && { training }),
    notes: [
      ...(synthetic
        ? ["The fakes are blended regions that unreel made itself, not deepfakes of any known method."]
        : []),
      `A video with fewer than ${description.minFrames} frames is an abstention.`,
    ],
    provenance: {
      protocol: `the detector was trained on ${trainedOn}; its threshold was chosen on ${choosers[threshold.chosenOn]}`,
      testSet: `${datasets}, split ${split}`,
      trainingSet: `${description.training.videos.length} videos, manifest ${description.training.manifestSha256.slice(0, 16)}`,
      ...(shared.length === 0 && { splitBy: "group" }),
      shared: sharedText(shared, allowShared),
      fingerprints: {
        features: fingerprintHash(store.info.fingerprint),
        encoder: encodersOf(description.fingerprint)
          .map(({ sha256 }) => sha256)
          .join(", "),
        ...description.files,
      },
      versions: {
        unreel: nativeBinding().versions().unreel,
        trained: description.training.unreel,
        node: process.versions.node,
      },
      seeds: { training: description.training.seed },
      ...(options.command !== undefined && { command: options.command }),
    },
  });
}

/** What a threshold was chosen on, for people. */
const choosers: Readonly<Record<ChosenOn, string>> = {
  validation: "validation groups",
  "out-of-fold": "the training groups, each scored by an SVM that had not seen it",
  calibration: "videos that unreel calibrate was given",
};

async function historyOf(dir: string): Promise<TrainingHistory> {
  return readHistory(dir).catch((error: unknown) => {
    throw damaged(dir, historyFile, error instanceof Error ? error.message : String(error), error);
  });
}

/** What training and test share, beside what they were allowed to. */
function sharedText(shared: readonly string[], allowed: ReadonlySet<Shareable>): string {
  const found = shared.length === 0 ? "nothing" : shared.join(", ");
  return allowed.size === 0 ? found : `${found} (allowed: ${[...allowed].join(", ")})`;
}

function framePredictions(table: FeatureTable, scores: Float64Array, minFrames: number): Prediction[] {
  return table.videos.flatMap((video) =>
    Array.from({ length: video.rows }, (_, i): Prediction => {
      const row = video.firstRow + i;
      return {
        ...identity(video),
        ...(video.rows >= minFrames ? { score: scores[row] ?? 0 } : { reason: "too-few-frames" }),
        frame: table.frames[row] ?? 0,
        ptsUs: table.ptsUs[row] ?? 0,
      };
    }),
  );
}

/** What a prediction says of its video beside the score. */
function identity({ id, label = 0, group, source, method, dataset, split }: StoredVideo) {
  return {
    video: id,
    label,
    group,
    ...(source !== undefined && { source }),
    ...(method !== undefined && { method }),
    ...(dataset !== undefined && { dataset }),
    ...(split !== undefined && { split }),
  };
}
