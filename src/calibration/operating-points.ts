import { UnreelError, UnreelTypeError } from "../errors.js";
import type { Decisions } from "./decisions.js";
import { type Threshold, type ThresholdRule, thresholdRules } from "./thresholds.js";

/**
 * What users ask for, and the rules that give it; the first that the detector has a threshold of.
 *
 * - `convenience`: few real videos are held up. As few false alarms as the real videos behind it can vouch for.
 * - `balanced`: false alarms and misses are equally frequent.
 * - `security`: few fakes slip through. At least 99 of 100 fakes are found, at the price of false alarms.
 */
export const operatingPoints = {
  convenience: ["fpr-0.1", "fpr-1", "fpr-0"],
  balanced: ["eer"],
  security: ["tpr-99"],
} as const satisfies Readonly<Record<string, readonly ThresholdRule[]>>;

/** See {@link operatingPoints}. */
export type OperatingPoint = keyof typeof operatingPoints;

function isOperatingPoint(name: string): name is OperatingPoint {
  return Object.hasOwn(operatingPoints, name);
}

/**
 * The threshold that a name stands for: an operating point, or a rule. Detectors of before the rules had one threshold,
 * named `balanced`.
 *
 * @throws UnreelError `ERR_UNREEL_TOO_FEW_REAL` for a rule that was left out for that; UnreelTypeError for another name
 */
export function thresholdNamed(
  { thresholds = [], thresholdsOmitted = [] }: Partial<Decisions>,
  name: string,
): Threshold {
  const rules: readonly string[] = isOperatingPoint(name) ? [...operatingPoints[name], name] : [name];
  for (const rule of rules) {
    const found = thresholds.find((threshold) => threshold.name === rule);
    if (found !== undefined) return found;
  }
  const left = thresholdsOmitted.find((each) => each.name === name);
  if (left !== undefined) throw new UnreelError("ERR_UNREEL_TOO_FEW_REAL", left.reason, { threshold: name });
  const known = [...Object.keys(operatingPoints), ...thresholdRules].join(", ");
  throw new UnreelTypeError(`There is no threshold ${JSON.stringify(name)}; the names are ${known}`, {
    threshold: name,
  });
}
