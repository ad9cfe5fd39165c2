import { percentiles } from "../evaluation/bootstrap.js";
import { type Curve, curveAt } from "./isotonic.js";
import { atPrevalence } from "./prevalence.js";
import type { Reliability } from "./reliability.js";
import { type Sigmoid, sigmoidAt } from "./sigmoid.js";

/**
 * What thresholds and calibrations were chosen on: groups that trained nothing; all groups, each scored by an SVM that
 * was trained without it; videos that `unreel calibrate` was given.
 */
export type ChosenOn = "validation" | "out-of-fold" | "calibration";

/** What a calibration was fitted on, and how far it can be believed. */
export interface CalibrationRecord {
  readonly chosenOn: ChosenOn;
  /** Videos, the real ones among them, and the groups that they are of. */
  readonly videos: number;
  readonly realVideos: number;
  readonly groups: number;
  /** Resamples of groups behind the interval; those that held one class only are left out. */
  readonly samples: number;
  readonly seed: number;
  /** Of probabilities by calibrations that were fitted without the video's fold of groups; null where no two folds can be. */
  readonly reliability: Reliability | null;
}

/** Platt's sigmoid. */
export interface SigmoidCalibration extends CalibrationRecord, Sigmoid {
  readonly method: "sigmoid";
  /** `[a, b]` of each resample's sigmoid. */
  readonly resamples: readonly (readonly [number, number])[];
}

/** A rising curve by isotonic regression. */
export interface IsotonicCalibration extends CalibrationRecord {
  readonly method: "isotonic";
  readonly scores: readonly number[];
  readonly probabilities: readonly number[];
  /** The 2.5th and 97.5th percentile of the resamples' curves at some scores; straight between them. */
  readonly bounds: {
    readonly scores: readonly number[];
    readonly lower: readonly number[];
    readonly upper: readonly number[];
  };
}

/** None was fitted, and why. */
export interface NoCalibration {
  readonly method: "none";
  readonly reason: string;
}

/** How scores become probabilities; `calibration` of detector.json. */
export type Calibration = SigmoidCalibration | IsotonicCalibration;

/** A probability of being fake, with its 95 % interval. */
export interface Probability {
  readonly probability: number;
  /** Where a calibration from other groups of the same kind would have put it; absent where there was one group. */
  readonly interval?: readonly [number, number];
}

/** The share of fakes that the calibration's probabilities suppose: that of the videos it was fitted on. */
export function prevalenceOf({ videos, realVideos }: CalibrationRecord): number {
  return (videos - realVideos) / videos;
}

/**
 * The probability that a video of this score is fake, where the share of fakes is `prevalence`; without one, where it is
 * that of the videos behind the calibration. An interval that would leave its own probability out reaches to it.
 */
export function probabilityOf(calibration: Calibration, score: number, prevalence?: number): Probability {
  const shift = (probability: number) =>
    prevalence === undefined ? probability : atPrevalence(probability, prevalenceOf(calibration), prevalence);
  const probability = estimate(calibration, score);
  const bounds = boundsAt(calibration, score);
  if (bounds === undefined) return { probability: shift(probability) };
  const lower = Math.min(bounds.lower, probability);
  const upper = Math.max(bounds.upper, probability);
  return { probability: shift(probability), interval: [shift(lower), shift(upper)] };
}

function estimate(calibration: Calibration, score: number): number {
  if (calibration.method === "sigmoid") return sigmoidAt(calibration, score);
  return curveAt({ scores: calibration.scores, values: calibration.probabilities }, score);
}

function boundsAt(calibration: Calibration, score: number): { lower: number; upper: number } | undefined {
  if (calibration.method === "sigmoid") {
    if (calibration.resamples.length === 0) return undefined;
    return percentiles(Float64Array.from(calibration.resamples, ([a, b]) => sigmoidAt({ a, b }, score)));
  }
  const { scores, lower, upper } = calibration.bounds;
  if (scores.length === 0) return undefined;
  const at = (values: Curve["values"]) => curveAt({ scores, values }, score);
  return { lower: at(lower), upper: at(upper) };
}
