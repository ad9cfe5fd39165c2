import type { IsotonicCalibration, NoCalibration, SigmoidCalibration } from "./calibration.js";

function isRow(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function areFinite(values: unknown): values is readonly number[] {
  return isRow(values) && values.every(Number.isFinite);
}

function rises(values: readonly number[]): boolean {
  return values.every((value, i) => i === 0 || value > (values[i - 1] ?? value));
}

/** What is wrong with points of a curve; `values` are probabilities. */
function wrongCurve(scores: unknown, values: readonly unknown[], least: number): string | undefined {
  if (!areFinite(scores) || scores.length < least || !rises(scores)) return "scores do not rise";
  for (const each of values) {
    if (!areFinite(each) || each.length !== scores.length) return "probabilities and scores are not as many";
    if (each.some((value) => value < 0 || value > 1)) return "a probability lies outside 0 to 1";
  }
  return undefined;
}

/** What of a calibration read from detector.json is not what unreel writes; undefined where all is well. */
export function wrongCalibration(stored: unknown): string | undefined {
  const calibration = stored as
    | Partial<SigmoidCalibration>
    | Partial<IsotonicCalibration>
    | Partial<NoCalibration>
    | null;
  if (typeof calibration !== "object" || calibration === null) return "it is no object";
  if (calibration.method === "none") return undefined;
  if (calibration.method !== "sigmoid" && calibration.method !== "isotonic") return "its method is not known";
  const { videos = 0, realVideos = 0 } = calibration;
  if (!(realVideos > 0 && realVideos < videos)) return "its videos are not of both classes";
  const read: object = calibration;
  return calibration.method === "sigmoid" ? wrongSigmoid(read) : wrongIsotonic(read);
}

function wrongSigmoid({ a, b, resamples }: Partial<SigmoidCalibration>): string | undefined {
  if (!areFinite([a, b])) return "a or b is no finite number";
  const whole = isRow(resamples) && resamples.every((each) => areFinite(each) && each.length === 2);
  return whole ? undefined : "its resamples are not pairs of numbers";
}

function wrongIsotonic({ scores, probabilities, bounds }: Partial<IsotonicCalibration>): string | undefined {
  return wrongCurve(scores, [probabilities], 1) ?? wrongCurve(bounds?.scores, [bounds?.lower, bounds?.upper], 0);
}
