import { type ErrorDetails, UnreelError } from "../errors.js";
import { isFramePrediction, type Prediction, videoKey } from "./prediction.js";

/** How the scores of a video's frames become the video's score. */
export type Aggregate = "mean" | "median";

/** One video with its score: its own, or the aggregate of its scored frames; undefined = abstention. */
export interface VideoPrediction extends Omit<Prediction, "frame" | "ptsUs"> {
  /** Rows given for single frames. */
  readonly frames: number;
  /** Those of them that have a score. */
  readonly framesScored: number;
}

/** Predictions sorted out by level; both lists in a fixed order, whatever the order they came in. */
export interface Levels {
  readonly frames: readonly Prediction[];
  readonly videos: readonly VideoPrediction[];
}

/** Where a prediction came from, for errors. */
export interface Place {
  readonly text: string;
  readonly details: ErrorDetails;
}

interface Gathered {
  readonly first: Prediction;
  readonly frames: Prediction[];
  whole?: Prediction;
}

const shared = ["label", "group", "source", "split"] as const;

function compareText(a: string | undefined, b: string | undefined): number {
  const [left, right] = [a ?? "", b ?? ""];
  return left < right ? -1 : left > right ? 1 : 0;
}

function compareVideos(a: Prediction, b: Prediction): number {
  return compareText(a.dataset, b.dataset) || compareText(a.method, b.method) || compareText(a.video, b.video);
}

function compareFrames(a: Prediction, b: Prediction): number {
  return (a.frame ?? -1) - (b.frame ?? -1) || (a.ptsUs ?? 0) - (b.ptsUs ?? 0);
}

function refuse(place: Place, what: string): never {
  throw new UnreelError("ERR_UNREEL_MANIFEST_INVALID", `${place.text}: ${what}`, place.details);
}

function checkAgrees(row: Prediction, first: Prediction, place: Place): void {
  for (const field of shared) {
    if (row[field] === first[field]) continue;
    const what = `video ${JSON.stringify(row.video)} has ${field} ${row[field]} here and ${first[field]} before`;
    if (field !== "split") refuse(place, what);
    throw new UnreelError("ERR_UNREEL_SPLIT_LEAK", `${place.text}: ${what}`, { ...place.details, video: row.video });
  }
}

function gather(predictions: readonly Prediction[], placeOf: (index: number) => Place): Gathered[] {
  const byKey = new Map<string, Gathered>();
  const seenFrames = new Set<string>();
  for (const [index, row] of predictions.entries()) {
    const key = videoKey(row);
    let gathered = byKey.get(key);
    if (gathered === undefined) {
      gathered = { first: row, frames: [] };
      byKey.set(key, gathered);
    }
    if (row !== gathered.first) checkAgrees(row, gathered.first, placeOf(index));
    const name = JSON.stringify(row.video);
    if (isFramePrediction(row)) {
      const frameKey = `${key}${row.frame ?? `@${row.ptsUs}`}`;
      if (seenFrames.has(frameKey))
        refuse(placeOf(index), `frame ${row.frame ?? row.ptsUs} of video ${name} comes twice`);
      seenFrames.add(frameKey);
      gathered.frames.push(row);
    } else {
      if (gathered.whole !== undefined) {
        refuse(placeOf(index), `video ${name} comes twice; rows of single frames need the column frame`);
      }
      gathered.whole = row;
    }
    if (gathered.whole?.score !== undefined && gathered.frames.length > 0) {
      refuse(placeOf(index), `video ${name} has a score of its own and scores of frames; give one or the other`);
    }
  }
  return [...byKey.values()];
}

function mean(values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + value, 0);
  if (Number.isFinite(sum)) return sum / values.length;
  return values.reduce((total, value) => total + value / values.length, 0);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[sorted.length >> 1] ?? Number.NaN;
  if (sorted.length % 2 === 1) return upper;
  const lower = sorted[(sorted.length >> 1) - 1] ?? upper;
  return lower / 2 + upper / 2;
}

const reducers: Readonly<Record<Aggregate, (values: readonly number[]) => number>> = { mean, median };

function reasonOf(frames: readonly Prediction[]): string | undefined {
  const reasons = new Set(frames.flatMap((row) => (row.reason ? [row.reason] : [])));
  return reasons.size === 0 ? undefined : [...reasons].sort().join("; ");
}

/** The scored value without the sign of a zero, which JSON would lose. */
function withoutNegativeZero(row: Prediction): Prediction {
  return Object.is(row.score, -0) ? { ...row, score: 0 } : row;
}

function videoOf({ first, frames, whole }: Gathered, aggregate: Aggregate): VideoPrediction {
  const { frame: _frame, ptsUs: _ptsUs, score: _score, reason: _reason, ...identity } = whole ?? first;
  const scores = frames.flatMap((row) => (row.score === undefined ? [] : [row.score]));
  const counts = { frames: frames.length, framesScored: scores.length };
  const score = whole ? whole.score : scores.length > 0 ? reducers[aggregate](scores) + 0 : undefined;
  if (score !== undefined) return { ...identity, score, ...counts };
  const reason = whole ? whole.reason : reasonOf(frames);
  return { ...identity, ...(reason ? { reason } : {}), ...counts };
}

/**
 * Sorts predictions into frames and videos. A video's score is the `aggregate` of the scores of its frames that have
 * one (summed in frame order), or the score of its one row without a frame. A row without frame and score says that
 * the video abstains, whatever its frames.
 *
 * @param placeOf - where prediction i came from, for errors.
 * @throws UnreelError `ERR_UNREEL_MANIFEST_INVALID` where rows of a video disagree about label, group or source, a row
 * comes twice, or a video has a score beside scores of frames; `ERR_UNREEL_SPLIT_LEAK` where it is in two splits.
 */
export function sortOutLevels(
  predictions: readonly Prediction[],
  aggregate: Aggregate,
  placeOf: (index: number) => Place,
): Levels {
  const gathered = gather(predictions.map(withoutNegativeZero), placeOf);
  gathered.sort((a, b) => compareVideos(a.first, b.first));
  for (const each of gathered) each.frames.sort(compareFrames);
  return {
    frames: gathered.flatMap((each) => each.frames),
    videos: gathered.map((each) => videoOf(each, aggregate)),
  };
}
