import { UnreelRangeError, UnreelTypeError } from "../errors.js";

/** 1 = fake, 0 = real, everywhere. */
export type Label = 0 | 1;

/**
 * What a detector said of one frame, or of a whole video where neither `frame` nor `ptsUs` is given. A video is known
 * by `dataset`, `method` and `video` together: two of the same name in different datasets or methods stay two.
 */
export interface Prediction {
  readonly video: string;
  readonly label: Label;
  /** Any finite number; higher = more fake. Undefined = the detector abstained. */
  readonly score?: number;
  /** Why it abstained: "no_face", "too_few_frames", an error code. */
  readonly reason?: string;
  /** Index in presentation order, from 0. */
  readonly frame?: number;
  /** Presentation time in microseconds, as the file says it. */
  readonly ptsUs?: number;
  /** What must not be torn apart by a split, such as an identity or a source clip; unit of the bootstrap. */
  readonly group?: string;
  /** The clip that the video was made from. */
  readonly source?: string;
  /** How the fake was made, such as "Deepfakes" or "FaceSwap". */
  readonly method?: string;
  readonly dataset?: string;
  /** "train", "val", "test" or another name. */
  readonly split?: string;
}

/** A prediction without a frame speaks of its whole video. */
export function isFramePrediction(prediction: Prediction): boolean {
  return prediction.frame !== undefined || prediction.ptsUs !== undefined;
}

/** The identity of the video that a prediction belongs to, as a map key. */
export function videoKey(row: Pick<Prediction, "dataset" | "method" | "video">): string {
  return JSON.stringify([row.dataset ?? null, row.method ?? null, row.video]);
}

const textFields = ["reason", "group", "source", "method", "dataset", "split"] as const;

/**
 * Checks a prediction that came from outside TypeScript's sight.
 *
 * @param name - as the caller wrote it: "predictions[3]".
 * @throws UnreelTypeError or UnreelRangeError.
 */
export function checkPrediction(value: unknown, name: string): Prediction {
  if (typeof value !== "object" || value === null) throw new UnreelTypeError(`${name} must be an object`);
  const row = value as Record<keyof Prediction, unknown>;
  if (typeof row.video !== "string" || row.video === "") throw new UnreelTypeError(`${name}.video must be a name`);
  if (row.label !== 0 && row.label !== 1) throw new UnreelTypeError(`${name}.label must be 0 (real) or 1 (fake)`);
  if (row.score !== undefined) {
    if (typeof row.score !== "number") throw new UnreelTypeError(`${name}.score must be a number, or absent`);
    if (!Number.isFinite(row.score)) {
      throw new UnreelRangeError(`${name}.score is ${row.score}; leave it out where the detector abstained`);
    }
  }
  if (row.frame !== undefined && !(Number.isSafeInteger(row.frame) && Number(row.frame) >= 0)) {
    throw new UnreelRangeError(`${name}.frame must be a whole number from 0 on`);
  }
  if (row.ptsUs !== undefined && !Number.isSafeInteger(row.ptsUs)) {
    throw new UnreelRangeError(`${name}.ptsUs must be a whole number of microseconds`);
  }
  for (const field of textFields) {
    if (row[field] !== undefined && typeof row[field] !== "string") {
      throw new UnreelTypeError(`${name}.${field} must be text, or absent`);
    }
  }
  return value as Prediction;
}
