/** A linear axis from scores to pixels that stands any finite doubles. */
export interface Scale {
  readonly low: number;
  readonly high: number;
  /** The position of a value in [0, 1], clamped. */
  position(value: number): number;
  /** Up to seven round values within the axis. */
  readonly ticks: readonly number[];
}

/** The largest of 1, 2, 5 x 10^k that is <= value. */
function roundStep(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const digit = [5, 2, 1].find((each) => each * power <= value) ?? 1;
  return digit * power;
}

function ticksBetween(low: number, high: number): number[] {
  const step = 2 * roundStep(high / 10 - low / 10);
  const first = Math.ceil(low / step);
  const ticks: number[] = [];
  for (let i = 0; i < 12; i += 1) {
    const tick = Number(((first + i) * step).toPrecision(12));
    if (!(tick <= high)) break;
    if (tick >= low) ticks.push(tick);
  }
  return ticks.length >= 2 ? ticks : [low, high];
}

/** The axis that holds all `values`; one value alone stands in its middle. */
export function scaleOf(values: readonly number[]): Scale {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const span = high / 2 - low / 2;
  const position = (value: number) => {
    const share = (value / 2 - low / 2) / span;
    return Number.isFinite(share) ? Math.min(1, Math.max(0, share)) : 0.5;
  };
  return { low, high, position, ticks: span > 0 ? ticksBetween(low, high) : [low] };
}

/** A number for people: at most four significant digits. */
export function shortNumber(value: number): string {
  return String(Number(value.toPrecision(4))).replace("-", "\u2212");
}
