import { type Calibration, prevalenceOf, probabilityOf } from "../calibration/calibration.js";
import { type DeploymentPrecision, deploymentPrecision } from "../calibration/precision.js";
import { checkPrevalence } from "../calibration/prevalence.js";
import { type Reliability, reliabilityOf } from "../calibration/reliability.js";
import { UnreelError, UnreelRangeError, UnreelTypeError } from "../errors.js";
import { checkedHistory, type TrainingHistory } from "../training/history.js";
import { checkInteger, checkOneOf } from "../validate.js";
import { type AucInterval, bootstrapAuc, type Grouped } from "./bootstrap.js";
import { type Metrics, metricsOf, type Scored } from "./metrics.js";
import { checkPrediction, type Label, type Prediction, videoKey } from "./prediction.js";
import { type Aggregate, type Levels, sortOutLevels, type VideoPrediction } from "./videos.js";

/** A decision threshold that was chosen before these predictions were looked at. */
export interface DecisionThreshold {
  /** By what rule: "eer", "fpr-1", "balanced-accuracy". */
  readonly name: string;
  /** A score >= value is called fake, of frames and of videos. */
  readonly value: number;
  /** The split it was chosen on; never the one that is evaluated. */
  readonly chosenOn: string;
}

/** Where the predictions come from; every field is shown in the report and kept in metrics.json as given. */
export interface Provenance {
  /** "in-dataset", "cross-dataset", or the protocol in a sentence. */
  readonly protocol?: string;
  readonly trainingSet?: string;
  readonly testSet?: string;
  /** How the splits were made, and by what key. */
  readonly splitBy?: string;
  /** What training and test have in common, and were allowed to. */
  readonly shared?: string;
  /** By what they are of: encoder, preprocessing, features, detector, predictions. */
  readonly fingerprints?: Readonly<Record<string, string>>;
  readonly versions?: Readonly<Record<string, string>>;
  readonly seeds?: Readonly<Record<string, number>>;
  /** The command that made the predictions, as a user would type it. */
  readonly command?: string;
  /** Anything else worth keeping. */
  readonly other?: Readonly<Record<string, string | number>>;
}

export interface EvaluateOptions {
  /** Heading of the report. Default "Evaluation". */
  readonly title?: string;
  /** Evaluate the rows of this split; needed where the rows name several. */
  readonly split?: string;
  /** Without it there is no accuracy, precision, recall or F1: a threshold chosen on the test itself flatters. */
  readonly threshold?: DecisionThreshold;
  /** How scores of videos become probabilities, fitted before these predictions were looked at; it is judged by them. */
  readonly calibration?: Calibration;
  /** The share of fakes where the detector is to be used: the report has the precision there. Needs a threshold. */
  readonly prevalence?: number;
  /** How a video's score is made of its frames' scores. Default "mean". */
  readonly aggregate?: Aggregate;
  /** Resamples of groups for the interval of the AUC, and the seed. Default 2000 and 1. */
  readonly bootstrap?: { readonly samples?: number; readonly seed?: number };
  /** What two splits may have in common; each is a refused leak otherwise, and is counted in the report. */
  readonly allowShared?: readonly SharedKey[];
  readonly provenance?: Provenance;
  /** What the figures show and what not, in plain sentences; stands in a box at the top of the report. */
  readonly notes?: string | readonly string[];
  /** How the detector's head was trained; its curves stand in the report. */
  readonly training?: TrainingHistory;
  /** How the fakes were generated, where this is no set of real deepfakes; labels the whole report as synthetic. */
  readonly synthetic?: string;
}

/** What keeps splits apart. */
export type SharedKey = "group" | "source";

/** How many have a score, and why the others have none. */
export interface Coverage {
  readonly n: number;
  readonly scored: number;
  readonly abstained: number;
  /** scored / n. */
  readonly coverage: number;
  readonly abstainedReal: number;
  readonly abstainedFake: number;
  /** Abstentions by reason; "not given" where there is none. */
  readonly reasons: Readonly<Record<string, number>>;
}

/** The fakes of one method against the real videos of the same dataset. */
export interface MethodMetrics {
  readonly dataset: string | null;
  /** Null: fakes whose method is not known. */
  readonly method: string | null;
  /** Videos of the method without a score. */
  readonly abstained: number;
  readonly metrics: Metrics;
}

/** All figures of an evaluation; what `metrics.json` holds, with the rows that made them. */
export interface Report {
  readonly schema: typeof reportSchema;
  readonly title: string;
  readonly synthetic: string | null;
  readonly notes: readonly string[];
  /** What unreel itself has to say about these figures. */
  readonly remarks: readonly string[];
  readonly split: string | null;
  readonly aggregate: Aggregate;
  readonly threshold: DecisionThreshold | null;
  readonly coverage: { readonly video: Coverage; readonly frame: Coverage | null };
  /** Of the videos that have a score. */
  readonly video: Metrics;
  /** As though each video without a score had been scored as wrongly as can be. */
  readonly videoFailuresAsErrors: Metrics;
  /** Of the frames that have a score; null where the predictions speak of whole videos only. */
  readonly frame: Metrics | null;
  /** Of the video AUC; null where there are fewer than two groups. */
  readonly interval: AucInterval | null;
  /** Of the probabilities that the calibration gives the videos; null without one. */
  readonly reliability: Reliability | null;
  /** What the verdict "fake" is worth at the prevalence that was asked for; null where none was. */
  readonly deployment: DeploymentPrecision | null;
  /** Empty where no fake names a method. */
  readonly byMethod: readonly MethodMetrics[];
  /** Distinct groups among the videos, and videos that name none (each is then its own group). */
  readonly groups: { readonly known: number; readonly videosWithout: number };
  /** Groups and sources that stand in this split and another; above 0 only where `allowShared` says so. */
  readonly shared: Readonly<Record<SharedKey, number>>;
  readonly provenance: Provenance;
  /** How the detector's head was trained; null where that is not known. */
  readonly training: TrainingHistory | null;
  readonly frames: readonly Prediction[];
  readonly videos: readonly VideoPrediction[];
}

/** The version of metrics.json's layout. */
export const reportSchema = "unreel-report/1";

interface Settings {
  readonly title: string;
  readonly split: string | undefined;
  readonly threshold: DecisionThreshold | undefined;
  readonly calibration: Calibration | undefined;
  readonly prevalence: number | undefined;
  readonly aggregate: Aggregate;
  readonly samples: number;
  readonly seed: number;
  readonly allowShared: ReadonlySet<SharedKey>;
  readonly notes: readonly string[];
  readonly synthetic: string | undefined;
  readonly provenance: Provenance;
  readonly training: TrainingHistory | undefined;
}

function checkText(value: unknown, name: string): string {
  if (typeof value !== "string") throw new UnreelTypeError(`${name} must be text`);
  return value;
}

function checkThreshold(threshold: DecisionThreshold): DecisionThreshold {
  const { name, value, chosenOn } = threshold;
  if (typeof value !== "number") throw new UnreelTypeError("options.threshold.value must be a number");
  if (!Number.isFinite(value)) throw new UnreelRangeError(`options.threshold.value must be finite, not ${value}`);
  if (checkText(chosenOn, "options.threshold.chosenOn") === "") {
    throw new UnreelRangeError("options.threshold.chosenOn must name the split that the threshold was chosen on");
  }
  return { name: checkText(name, "options.threshold.name"), value: value + 0, chosenOn };
}

function checkDeployment(prevalence: number | undefined, threshold: DecisionThreshold | undefined): number | undefined {
  if (prevalence === undefined) return undefined;
  if (threshold === undefined) {
    throw new UnreelTypeError("options.prevalence asks for a precision, which needs options.threshold");
  }
  return checkPrevalence(prevalence, "options.prevalence");
}

function checkTraining(training: unknown): TrainingHistory {
  try {
    return checkedHistory(training);
  } catch (error) {
    throw new UnreelTypeError(`options.training: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function checkOptions(options: EvaluateOptions): Settings {
  if (typeof options !== "object" || options === null) throw new UnreelTypeError("options must be an object");
  const { title = "Evaluation", split, threshold, aggregate = "mean", bootstrap = {}, allowShared = [] } = options;
  const { notes = [], synthetic, provenance = {} } = options;
  const noteList: readonly string[] = typeof notes === "string" ? [notes] : notes;
  return {
    title: checkText(title, "options.title"),
    split: split === undefined ? undefined : checkText(split, "options.split"),
    threshold: threshold === undefined ? undefined : checkThreshold(threshold),
    calibration: options.calibration,
    prevalence: checkDeployment(options.prevalence, threshold),
    aggregate: checkOneOf(aggregate, ["mean", "median"], "options.aggregate"),
    samples: checkInteger(bootstrap.samples ?? 2000, 1, "options.bootstrap.samples"),
    seed: checkInteger(bootstrap.seed ?? 1, 0, "options.bootstrap.seed"),
    allowShared: new Set(allowShared.map((key) => checkOneOf(key, ["group", "source"], "options.allowShared"))),
    notes: noteList.map((note) => checkText(note, "options.notes")),
    synthetic: synthetic === undefined ? undefined : checkText(synthetic, "options.synthetic"),
    provenance,
    training: options.training === undefined ? undefined : checkTraining(options.training),
  };
}

async function collect(predictions: Iterable<Prediction> | AsyncIterable<Prediction>): Promise<Prediction[]> {
  const rows: Prediction[] = [];
  for await (const row of predictions) rows.push(checkPrediction(row, `predictions[${rows.length}]`));
  return rows;
}

/** The split to evaluate: the one asked for, else the only one there is. */
function chooseSplit(videos: readonly VideoPrediction[], wanted: string | undefined): string | undefined {
  const splits = [...new Set(videos.flatMap((video) => (video.split === undefined ? [] : [video.split])))].sort();
  const shown = splits.length > 0 ? splits.map((split) => JSON.stringify(split)).join(", ") : "none";
  if (videos.length === 0) {
    throw new UnreelError("ERR_UNREEL_SPLIT_EMPTY", "there is not one prediction", { splits });
  }
  if (wanted !== undefined && !splits.includes(wanted)) {
    const message = `no prediction is of split ${JSON.stringify(wanted)}; the splits are: ${shown}`;
    throw new UnreelError("ERR_UNREEL_SPLIT_EMPTY", message, { split: wanted, splits });
  }
  if (wanted === undefined && splits.length > 1) {
    throw new UnreelTypeError(`the predictions are of several splits (${shown}); name one with options.split`, {
      splits,
    });
  }
  return wanted ?? splits[0];
}

/** Groups or sources (within a dataset) that stand in `split` and in another split. */
function sharedWith(videos: readonly VideoPrediction[], split: string, key: SharedKey): Map<string, string> {
  const idOf = (video: VideoPrediction) => JSON.stringify([video.dataset ?? null, video[key]]);
  const elsewhere = new Map<string, string>();
  for (const video of videos) {
    if (video[key] !== undefined && video.split !== undefined && video.split !== split) {
      elsewhere.set(idOf(video), video.split);
    }
  }
  const shared = new Map<string, string>();
  for (const video of videos) {
    const other = elsewhere.get(idOf(video));
    if (video.split === split && video[key] !== undefined && other !== undefined) shared.set(video[key], other);
  }
  return shared;
}

function checkLeak(videos: readonly VideoPrediction[], split: string, key: SharedKey, settings: Settings): number {
  const shared = sharedWith(videos, split, key);
  const [first] = shared;
  if (first === undefined || settings.allowShared.has(key)) return shared.size;
  throw new UnreelError(
    "ERR_UNREEL_SPLIT_LEAK",
    `${key} ${JSON.stringify(first[0])} is in split ${split} and in ${first[1]} (${shared.size} such in all): ` +
      `what was trained on it would be tested on it; allowShared: ["${key}"] permits this and the report says so`,
    { [key]: first[0], splits: [split, first[1]], count: shared.size },
  );
}

function coverageOf(rows: readonly Pick<Prediction, "label" | "score" | "reason">[]): Coverage {
  const failed = rows.filter((row) => row.score === undefined);
  const counts = new Map<string, number>();
  for (const { reason = "not given" } of failed) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const reasons = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  const abstainedFake = failed.filter((row) => row.label === 1).length;
  return {
    n: rows.length,
    scored: rows.length - failed.length,
    abstained: failed.length,
    coverage: (rows.length - failed.length) / rows.length,
    abstainedReal: failed.length - abstainedFake,
    abstainedFake,
    reasons: Object.fromEntries(reasons),
  };
}

type MaybeScored = Pick<Prediction, "label" | "score">;

/** The rows that have a score. */
export function scoredOf<T extends MaybeScored>(rows: readonly T[]): (T & Scored)[] {
  return rows.filter((row): row is T & Scored => row.score !== undefined);
}

/** Every row, those without a score on the far wrong side. */
function failuresAsErrors(rows: readonly MaybeScored[]): Scored[] {
  return rows.map(({ label, score }) => ({
    label,
    score: score ?? (label === 1 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY),
  }));
}

function classesOf(rows: readonly { readonly label: Label }[]): number {
  return new Set(rows.map((row) => row.label)).size;
}

function checkClasses(videos: readonly VideoPrediction[]): void {
  const scored = scoredOf(videos);
  if (classesOf(scored) === 2) return;
  const count = (rows: readonly VideoPrediction[], label: Label) => rows.filter((row) => row.label === label).length;
  const [real, fake] = [count(videos, 0), count(videos, 1)];
  const message =
    classesOf(videos) === 2
      ? `only ${scored.length} of ${videos.length} videos have a score, and those are of one class`
      : `all ${videos.length} videos are ${fake > 0 ? "fake" : "real"}`;
  const advice = "an evaluation needs scored real and fake videos";
  throw new UnreelError("ERR_UNREEL_ONE_CLASS", `${message}; ${advice}`, { real, fake, scored: scored.length });
}

function byMethod(videos: readonly VideoPrediction[], threshold: number | undefined): MethodMetrics[] {
  const fakes = videos.filter((video) => video.label === 1);
  if (fakes.every((video) => video.method === undefined)) return [];
  const methods = new Map<string, VideoPrediction[]>();
  for (const video of fakes) {
    const key = JSON.stringify([video.dataset ?? null, video.method ?? null]);
    methods.set(key, [...(methods.get(key) ?? []), video]);
  }
  return [...methods.values()].map((ofMethod) => {
    const { dataset, method } = ofMethod[0] ?? {};
    const reals = videos.filter((video) => video.label === 0 && video.dataset === dataset);
    return {
      dataset: dataset ?? null,
      method: method ?? null,
      abstained: ofMethod.length - scoredOf(ofMethod).length,
      metrics: metricsOf(scoredOf([...reals, ...ofMethod]), threshold),
    };
  });
}

function reliabilityBy(calibration: Calibration | undefined, videos: readonly Scored[]): Reliability | null {
  if (calibration === undefined) return null;
  return reliabilityOf(videos.map(({ label, score }) => ({ label, ...probabilityOf(calibration, score) })));
}

async function deploymentOf(videos: readonly Grouped[], settings: Settings): Promise<DeploymentPrecision | null> {
  const { threshold, prevalence } = settings;
  if (threshold === undefined || prevalence === undefined) return null;
  return deploymentPrecision(videos, threshold.value, prevalence, settings);
}

function groupsOf(videos: readonly VideoPrediction[]): Report["groups"] {
  const named = videos.filter((video) => video.group !== undefined);
  const known = new Set(named.map((video) => JSON.stringify([video.dataset ?? null, video.group])));
  return { known: known.size, videosWithout: videos.length - named.length };
}

/** The unit that a video is resampled with: its group within its dataset, else itself. */
function groupKey(video: VideoPrediction): string {
  return video.group === undefined
    ? `video ${videoKey(video)}`
    : `group ${JSON.stringify([video.dataset, video.group])}`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** Where the probabilities suppose another share of fakes than the test has. */
function priorRemark({ video }: Omit<Report, "remarks">, calibration: Calibration | undefined): string[] {
  if (calibration === undefined) return [];
  const [supposed, here] = [prevalenceOf(calibration), video.fake / video.n];
  if (Math.abs(supposed - here) < 0.05) return [];
  const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
  return [
    `The probabilities suppose ${percent(supposed)} fakes, as among the videos that fitted the calibration; here are ` +
      `${percent(here)}. Their errors include that.`,
  ];
}

function remarksOn(report: Omit<Report, "remarks">, videosWithoutSplit: number): string[] {
  const { threshold, coverage, video, interval, groups, shared } = report;
  const remarks: string[] = [];
  if (threshold === null) {
    remarks.push(
      "No decision threshold was given, so there is no accuracy, precision, recall or F1: one chosen on these very " +
        "predictions would flatter them.",
    );
  }
  if (coverage.video.abstained > 0) {
    remarks.push(
      `The detector abstained on ${coverage.video.abstained} of ${plural(coverage.video.n, "video")}. The figures are of ` +
        "the other ones; “failures as errors” counts each abstention as a mistake.",
    );
  }
  if (interval === null) {
    remarks.push("There is no interval: it needs two groups or more, and resamples that hold both classes.");
  } else if (groups.known === 0) {
    remarks.push(
      "No groups are known: the interval takes videos as independent, and is too narrow where they are not.",
    );
  }
  if (interval !== null && interval.used < interval.samples) {
    const without = interval.samples - interval.used;
    remarks.push(`${without} of ${interval.samples} resamples held one class only and are left out of the interval.`);
  }
  if (video.real < 100) {
    remarks.push(
      `With ${plural(video.real, "real video")}, one false positive is more than 1 %: the true positive rate at 1 % is the ` +
        "one without any false positive.",
    );
  }
  for (const key of ["group", "source"] as const) {
    if (shared[key] > 0) remarks.push(`${plural(shared[key], key)} of this split also stand in another split.`);
  }
  if (videosWithoutSplit > 0) {
    remarks.push(`${plural(videosWithoutSplit, "video")} of no split were left out.`);
  }
  return remarks;
}

function levelsOfSplit(levels: Levels, split: string | undefined): Levels {
  if (split === undefined) return levels;
  const inSplit = (row: { readonly split?: string }) => row.split === split;
  return { frames: levels.frames.filter(inSplit), videos: levels.videos.filter(inSplit) };
}

async function report(predictions: readonly Prediction[], settings: Settings): Promise<Report> {
  const { threshold, aggregate } = settings;
  const all = sortOutLevels(predictions, aggregate, (index) => ({ text: `predictions[${index}]`, details: { index } }));
  const named = chooseSplit(all.videos, settings.split);
  // Rows that name a split beside rows that name none: only what was asked for by name is told apart.
  const split = settings.split ?? (all.videos.every((video) => video.split === named) ? named : undefined);
  if (threshold !== undefined && threshold.chosenOn === split) {
    const message = `the threshold was chosen on split ${JSON.stringify(split)}, which is the one evaluated here`;
    throw new UnreelError("ERR_UNREEL_SPLIT_LEAK", `${message}; choose it on validation`, {
      split: threshold.chosenOn,
    });
  }
  const leak = (key: SharedKey) => (split === undefined ? 0 : checkLeak(all.videos, split, key, settings));
  const shared = { group: leak("group"), source: leak("source") };
  const { frames, videos } = levelsOfSplit(all, split);
  checkClasses(videos);
  const scored = scoredOf(videos).map((video) => ({ ...video, group: groupKey(video) }));
  const figures = {
    schema: reportSchema,
    title: settings.title,
    synthetic: settings.synthetic ?? null,
    notes: settings.notes,
    split: split ?? null,
    aggregate,
    threshold: threshold ?? null,
    coverage: { video: coverageOf(videos), frame: frames.length > 0 ? coverageOf(frames) : null },
    video: metricsOf(scored, threshold?.value),
    videoFailuresAsErrors: metricsOf(failuresAsErrors(videos), threshold?.value),
    frame: frames.length > 0 ? metricsOf(scoredOf(frames), threshold?.value) : null,
    interval: (await bootstrapAuc(scored, settings)) ?? null,
    reliability: reliabilityBy(settings.calibration, scored),
    deployment: await deploymentOf(scored, settings),
    byMethod: byMethod(videos, threshold?.value),
    groups: groupsOf(videos),
    shared,
    provenance: settings.provenance,
    training: settings.training ?? null,
    frames,
    videos,
  } as const;
  const withoutSplit = split === undefined ? 0 : all.videos.filter((video) => video.split === undefined).length;
  const remarks = [...remarksOn(figures, withoutSplit), ...priorRemark(figures, settings.calibration)];
  return { ...figures, remarks };
}

/**
 * Measures a detector by its predictions, by frame and by video. Never imputes: what has no score is counted and left
 * out, and stands as an error in `videoFailuresAsErrors`. Never chooses a threshold. Equal predictions in any order and
 * equal options give an equal report.
 *
 * @throws UnreelTypeError or UnreelRangeError for wrong options (at once) or a wrong prediction (the promise rejects).
 * The promise also rejects with UnreelError: `ERR_UNREEL_ONE_CLASS`; `ERR_UNREEL_SPLIT_EMPTY`; `ERR_UNREEL_SPLIT_LEAK`
 * where a video, group or source stands in this split and another, or the threshold was chosen on this split;
 * `ERR_UNREEL_MANIFEST_INVALID` where rows contradict each other.
 *
 * @example
 * ```ts
 * import { evaluate } from "unreel";
 *
 * const report = await evaluate([
 *   { video: "a.mp4", label: 0, score: -1.2 },
 *   { video: "b.mp4", label: 1, score: 0.8 },
 *   { video: "c.mp4", label: 1, reason: "no_frames" },
 * ]);
 * console.log(report.video.auc, report.coverage.video.coverage);
 * ```
 */
export function evaluate(
  predictions: Iterable<Prediction> | AsyncIterable<Prediction>,
  options: EvaluateOptions = {},
): Promise<Report> {
  const settings = checkOptions(options);
  if (typeof predictions !== "object" || predictions === null) {
    throw new UnreelTypeError("predictions must be an array or another iterable of predictions");
  }
  return collect(predictions).then((rows) => report(rows, settings));
}
