/** Frames per second as a fraction in lowest terms. */
export interface FrameRate {
  readonly numerator: number;
  readonly denominator: number;
}

/** MPEG-4 counts time in units of 1/numerator and has 16 bits for them. */
const maxNumerator = 65_535;

function reduced(numerator: number, denominator: number): FrameRate {
  let [a, b] = [numerator, denominator];
  while (b > 0) [a, b] = [b, a % b];
  return { numerator: numerator / a, denominator: denominator / a };
}

/**
 * The frame rate that a video was meant to have, from the rate that its times show: n or n x 1000/1001 where one is
 * within 0.2 % (times in milliseconds are no more exact than that in a short clip), else the rate to two digits.
 * Never above what MPEG-4 can write.
 *
 * @param fps - frames per second, above 0
 */
export function frameRateOf(fps: number): FrameRate {
  const whole = Math.max(1, Math.round(fps));
  const candidates = [reduced(whole, 1), reduced(whole * 1000, 1001)].filter(
    (rate) => rate.numerator <= maxNumerator && Math.abs((fps * rate.denominator) / rate.numerator - 1) <= 0.002,
  );
  const error = (rate: FrameRate) => Math.abs(fps - rate.numerator / rate.denominator);
  const [nearest] = candidates.sort((a, b) => error(a) - error(b));
  if (nearest !== undefined) return nearest;
  const hundredths = Math.max(1, Math.round(fps * 100));
  return hundredths <= maxNumerator
    ? reduced(hundredths, 100)
    : { numerator: Math.min(whole, maxNumerator), denominator: 1 };
}
