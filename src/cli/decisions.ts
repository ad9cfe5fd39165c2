import type { Calibration, NoCalibration } from "../calibration/calibration.js";
import type { Decisions } from "../calibration/decisions.js";
import { thresholdNamed } from "../calibration/operating-points.js";

/** What was chosen, for people: the default threshold, the calibration or why there is none, and rules left out. */
export function decisionsText(decisions: Decisions): string {
  const { name, value, videos, chosenOn } = thresholdNamed(decisions, "balanced");
  return [
    `Threshold ${name} = ${value.toFixed(4)}, chosen on ${videos} videos (${chosenOn}).`,
    calibrationText(decisions.calibration),
    ...decisions.thresholdsOmitted.map(({ reason }) => reason),
  ].join("\n");
}

function calibrationText(calibration: Calibration | NoCalibration): string {
  if (calibration.method === "none") return `No probability: ${calibration.reason}`;
  const { method, reliability } = calibration;
  if (reliability === null) return `Calibration: ${method}; its reliability cannot be told from one group.`;
  const { ece, brier, baseline } = reliability;
  return (
    `Calibration: ${method}; on groups that did not fit it, ECE ${ece.toFixed(3)}, ` +
    `Brier score ${brier.toFixed(3)} (baseline ${baseline.brier.toFixed(3)}).`
  );
}

/** What was chosen, for stdout: without what only a detector needs. */
export function decided({ thresholds, thresholdsOmitted, calibration }: Decisions): object {
  if (calibration.method === "none") return { thresholds, thresholdsOmitted, calibration };
  const { method, chosenOn, videos, realVideos, groups, reliability } = calibration;
  const summary = { method, chosenOn, videos, realVideos, groups, reliability };
  return { thresholds, thresholdsOmitted, calibration: summary };
}
