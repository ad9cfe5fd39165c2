import type { RecordedEpoch, TrainingHistory } from "../training/history.js";
import { type Html, html } from "./html.js";
import { type Scale, scaleOf, shortNumber } from "./scale.js";

const size = { width: 440, height: 208, left: 52, right: 14, top: 22, bottom: 44 } as const;
const inner = { width: size.width - size.left - size.right, height: size.height - size.top - size.bottom } as const;

/** One curve: a number of each epoch, and the class that draws it. */
interface Curve {
  readonly name: string;
  readonly style: "video" | "frame";
  readonly values: readonly (number | null)[];
}

function at(value: number): string {
  return value.toFixed(2);
}

function x(epoch: number, epochs: number): number {
  return size.left + (epochs > 1 ? epoch / (epochs - 1) : 0.5) * inner.width;
}

function y(value: number, scale: Scale): number {
  return size.top + (1 - scale.position(value)) * inner.height;
}

/** A history from a file says null where one in memory says NaN. */
function isThere(value: number | null | undefined): value is number {
  return Number.isFinite(value);
}

function pathOf({ values, style }: Curve, scale: Scale): Html {
  const points = values.flatMap((value, epoch) =>
    !isThere(value) ? [] : [`${at(x(epoch, values.length))} ${at(y(value, scale))}`],
  );
  return html`<path class="roc ${style}" d="M${points.join("L")}"/>`;
}

function legend(curves: readonly Curve[]): Html {
  return html`${curves.map(
    ({ name, style }, i) => html`
    <g transform="translate(${at(size.left + 150 * i)} ${size.top - 10})"><path class="roc ${style}" d="M0 0H22"/><text class="label" x="28" y="4">${name}</text></g>`,
  )}`;
}

/** Curves over epochs as inline SVG, with the best epoch marked. */
function plot(id: string, title: string, curves: readonly Curve[], bestEpoch: number): Html | undefined {
  const drawn = curves.filter(({ values }) => values.some(isThere));
  const [first] = drawn;
  if (first === undefined) return undefined;
  const epochs = first.values.length;
  const scale = scaleOf(drawn.flatMap(({ values }) => values.filter(isThere)));
  const best = at(x(bestEpoch - 1, epochs));
  const bottom = size.top + inner.height;
  const words = drawn.map(({ name, values }) => `${name} from ${shown(values[0])} to ${shown(values.at(-1))}`);
  return html`<svg role="img" aria-labelledby="${id}-title ${id}-desc" viewBox="0 0 ${size.width} ${size.height}">
    <title id="${id}-title">${title}</title>
    <desc id="${id}-desc">${words.join("; ")}, over ${epochs} epochs; epoch ${bestEpoch} was kept.</desc>
    ${scale.ticks.map((tick) => {
      const line = at(y(tick, scale));
      return html`<line class="grid" x1="${size.left}" y1="${line}" x2="${size.width - size.right}" y2="${line}"/><text class="tick end" x="${size.left - 8}" y="${at(y(tick, scale) + 4)}">${shortNumber(tick)}</text>`;
    })}
    <line class="threshold" x1="${best}" y1="${size.top}" x2="${best}" y2="${bottom}"/>
    ${drawn.map((curve) => pathOf(curve, scale))}
    <text class="tick" x="${at(x(0, epochs))}" y="${bottom + 16}">1</text>
    <text class="tick end" x="${at(x(epochs - 1, epochs))}" y="${bottom + 16}">${epochs}</text>
    <text class="axis middle" x="${at(size.left + inner.width / 2)}" y="${bottom + 34}">epoch (the line: epoch ${bestEpoch}, which was kept)</text>${legend(drawn)}
  </svg>`;
}

function shown(value: number | null | undefined): string {
  return isThere(value) ? shortNumber(value) : "nothing";
}

/** How the head was trained: its losses and its validation AUC by epoch. */
export function historyPlots({ epochs, bestEpoch }: TrainingHistory): Html {
  const values = (name: keyof RecordedEpoch) => epochs.map((epoch) => epoch[name]);
  const losses: Curve[] = [
    { name: "training", style: "frame", values: values("loss") },
    { name: "validation", style: "video", values: values("validationLoss") },
  ];
  const aucs: Curve[] = [{ name: "AUC by video", style: "video", values: values("auc") }];
  return html`<h2>Training of the head</h2>
<div class="plots">
<figure><h3>Loss</h3>${plot("loss", "Loss by epoch", losses, bestEpoch)}</figure>
<figure><h3>AUC of the validation videos, by their cosine with the direction from real to fake</h3>${plot("auc", "AUC by epoch", aucs, bestEpoch)}</figure>
</div>`;
}
