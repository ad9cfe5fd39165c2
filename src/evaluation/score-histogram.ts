import { type Html, html } from "./html.js";
import type { Scored } from "./metrics.js";
import type { Label } from "./prediction.js";
import { type Scale, scaleOf, shortNumber } from "./scale.js";

const size = { width: 440, height: 208, left: 52, right: 14, top: 22, half: 72 } as const;
const middle = size.top + size.half;
const inner = size.width - size.left - size.right;

/** Rows per bin; the last bin holds the highest score too. */
export function histogram(scores: readonly number[], scale: Pick<Scale, "position">, bins: number): number[] {
  const counts = new Array<number>(bins).fill(0);
  for (const score of scores) {
    const bin = Math.min(bins - 1, Math.floor(scale.position(score) * bins));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts;
}

function at(value: number): string {
  return value.toFixed(2);
}

function bars(shares: readonly number[], tallest: number, label: Label): Html {
  const width = inner / shares.length;
  const name = label === 1 ? "fake" : "real";
  return html`${shares.map((share, bin) => {
    if (share === 0) return undefined;
    const height = Math.max(1, (share / tallest) * size.half);
    const top = label === 1 ? middle - height : middle;
    return html`
    <rect class="bar ${name}" x="${at(size.left + bin * width + 0.5)}" y="${at(top)}" width="${at(width - 1)}" height="${at(height)}"/>`;
  })}`;
}

function thresholdLine(position: number, name: string): Html {
  const x = size.left + position * inner;
  const anchor = position < 0.25 ? "" : position > 0.75 ? "end" : "middle";
  return html`
    <line class="threshold" x1="${at(x)}" y1="${size.top - 4}" x2="${at(x)}" y2="${at(middle + size.half)}"/>
    <text class="label ${anchor}" x="${at(x)}" y="${size.top - 9}">${name}</text>`;
}

function axis(scale: Scale): Html {
  const bottom = middle + size.half;
  return html`
    <line class="base" x1="${size.left}" y1="${middle}" x2="${size.width - size.right}" y2="${middle}"/>
    ${scale.ticks.map((tick) => {
      const x = at(size.left + scale.position(tick) * inner);
      return html`<line class="grid" x1="${x}" y1="${size.top}" x2="${x}" y2="${at(bottom)}"/><text class="tick middle" x="${x}" y="${at(bottom + 16)}">${shortNumber(tick)}</text>`;
    })}
    <text class="axis middle" x="${at(size.left + inner / 2)}" y="${at(bottom + 35)}">score (higher = more fake)</text>
    <text class="side fake end" x="${size.left - 8}" y="${at(middle - size.half / 2 + 4)}">fake</text>
    <text class="side real end" x="${size.left - 8}" y="${at(middle + size.half / 2 + 4)}">real</text>`;
}

function meanOf(scores: readonly number[]): string {
  return shortNumber(scores.reduce((sum, score) => sum + score / scores.length, 0));
}

/**
 * How the scores of fakes (upward) and reals (downward) lie, each class as shares of itself, as inline SVG.
 *
 * @param id - "video" or "frame"; makes the ids in the document.
 */
export function scoreHistogram(
  rows: readonly Scored[],
  id: "video" | "frame",
  threshold: { readonly value: number } | undefined,
): Html {
  const scoresOf = (label: Label) => rows.filter((row) => row.label === label).map((row) => row.score);
  const [real, fake] = [scoresOf(0), scoresOf(1)];
  const scale = scaleOf([...real, ...fake, ...(threshold ? [threshold.value] : [])]);
  const bins = Math.min(40, Math.max(10, Math.ceil(1.5 * Math.sqrt(rows.length))));
  const sharesOf = (scores: readonly number[]) => histogram(scores, scale, bins).map((count) => count / scores.length);
  const [realShares, fakeShares] = [real.length ? sharesOf(real) : [], fake.length ? sharesOf(fake) : []];
  const tallest = Math.max(...realShares, ...fakeShares);
  const line = threshold && thresholdLine(scale.position(threshold.value), `threshold ${shortNumber(threshold.value)}`);
  const about = threshold ? ` The decision threshold is ${shortNumber(threshold.value)}.` : "";
  return html`<svg role="img" aria-labelledby="scores-${id}-title scores-${id}-desc" viewBox="0 0 ${size.width} ${size.height}">
    <title id="scores-${id}-title">Scores by ${id}, real and fake</title>
    <desc id="scores-${id}-desc">${fake.length} fake (mean ${meanOf(fake)}) above the line, ${real.length} real (mean ${meanOf(real)}) below it; scores from ${shortNumber(scale.low)} to ${shortNumber(scale.high)}; each class in shares of itself, the tallest bar is ${Math.round(100 * tallest)} %.${about}</desc>
    ${axis(scale)}${bars(fakeShares, tallest, 1)}${bars(realShares, tallest, 0)}${line}
  </svg>`;
}
