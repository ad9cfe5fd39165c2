import type { Grouped } from "../evaluation/bootstrap.js";
import type { Calibration, ChosenOn, NoCalibration } from "./calibration.js";
import { type CalibrationOptions, fitCalibration } from "./fit.js";
import { chooseThresholds, type OmittedThreshold, type Threshold } from "./thresholds.js";

/** How scores become verdicts and probabilities; part of detector.json. */
export interface Decisions {
  /** Of every rule that there were videos enough for. */
  readonly thresholds: readonly Threshold[];
  readonly thresholdsOmitted: readonly OmittedThreshold[];
  readonly calibration: Calibration | NoCalibration;
}

/** Options of {@link fitDecisions}. */
export interface DecisionsOptions extends Pick<CalibrationOptions, "method" | "seed" | "signal"> {
  readonly chosenOn: ChosenOn;
}

/**
 * Chooses thresholds and fits the calibration on the same scored videos.
 *
 * @param videos - finite scores, of a detector that did not train on these videos
 * @throws UnreelError `ERR_UNREEL_ONE_CLASS`, `ERR_UNREEL_ABORTED`
 */
export async function fitDecisions(videos: readonly Grouped[], options: DecisionsOptions): Promise<Decisions> {
  return { ...(await chooseThresholds(videos, options)), calibration: await fitCalibration(videos, options) };
}
