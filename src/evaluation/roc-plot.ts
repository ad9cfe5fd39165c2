import { type Html, html } from "./html.js";
import { decisionMetrics, type Metrics, rocCurve, type Scored } from "./metrics.js";

/** One level's curve in the plot. */
export interface RocSeries {
  /** "by video": what the legend and the class name say. */
  readonly name: "video" | "frame";
  readonly rows: readonly Scored[];
  readonly metrics: Metrics;
}

const size = { width: 440, height: 416, left: 52, top: 14, side: 350 } as const;

function x(rate: number): number {
  return size.left + rate * size.side;
}

function y(rate: number): number {
  return size.top + (1 - rate) * size.side;
}

function at(value: number): string {
  return value.toFixed(2);
}

/** The path through the ROC's points; points that fall on one quarter of a pixel are drawn once. */
function pathOf({ rows, metrics }: RocSeries): string {
  const steps: string[] = [];
  let before = "";
  for (const { falsePositives, truePositives } of rocCurve(rows)) {
    const px = Math.round(4 * x(falsePositives / metrics.real)) / 4;
    const py = Math.round(4 * y(truePositives / metrics.fake)) / 4;
    const step = `${at(px)} ${at(py)}`;
    if (step !== before) steps.push(step);
    before = step;
  }
  return `M${steps.join("L")}`;
}

function axes(): Html {
  const rates = [0, 0.2, 0.4, 0.6, 0.8, 1];
  const lines = rates.map(
    (rate) => html`
    <line class="grid" x1="${at(x(rate))}" y1="${at(y(0))}" x2="${at(x(rate))}" y2="${at(y(1))}"/>
    <line class="grid" x1="${at(x(0))}" y1="${at(y(rate))}" x2="${at(x(1))}" y2="${at(y(rate))}"/>
    <text class="tick middle" x="${at(x(rate))}" y="${at(y(0) + 18)}">${rate}</text>
    <text class="tick end" x="${at(x(0) - 8)}" y="${at(y(rate) + 4)}">${rate}</text>`,
  );
  const middle = at(y(0.5));
  return html`${lines}
    <text class="axis middle" x="${at(x(0.5))}" y="${at(y(0) + 40)}">false positive rate: real called fake</text>
    <text class="axis middle" x="14" y="${middle}" transform="rotate(-90 14 ${middle})">true positive rate: fake called fake</text>
    <line class="chance" x1="${at(x(0))}" y1="${at(y(0))}" x2="${at(x(1))}" y2="${at(y(1))}"/>`;
}

function equalErrorMark({ metrics: { eer } }: RocSeries): Html | undefined {
  if (eer === null) return undefined;
  const inside = eer < 0.5;
  const label = { x: x(eer) + (inside ? 11 : -11), y: y(1 - eer) + (inside ? 16 : -8) };
  return html`
    <line class="equal" x1="${at(x(0))}" y1="${at(y(1))}" x2="${at(x(eer))}" y2="${at(y(1 - eer))}"/>
    <circle class="eer" cx="${at(x(eer))}" cy="${at(y(1 - eer))}" r="4.5"/>
    <text class="label ${inside ? "" : "end"}" x="${at(label.x)}" y="${at(label.y)}">EER ${eer.toFixed(3)}</text>`;
}

function thresholdMark({ rows, metrics }: RocSeries, threshold: number): Html {
  const { tp, fp } = decisionMetrics(rows, threshold).confusion;
  const [px, py] = [x(fp / metrics.real), y(tp / metrics.fake)];
  const d = `M${at(px)} ${at(py - 6)}L${at(px + 6)} ${at(py)}L${at(px)} ${at(py + 6)}L${at(px - 6)} ${at(py)}Z`;
  return html`<path class="operating" d="${d}"/>`;
}

function legend(series: readonly RocSeries[], threshold: number | undefined): Html {
  const left = x(1) - 166;
  const entries = series.map(({ name, metrics }) => ({
    mark: html`<path class="roc ${name}" d="M0 0H22"/>`,
    text: `by ${name}, AUC ${(metrics.auc ?? 0).toFixed(3)}`,
  }));
  const operating = { mark: html`<path class="operating" d="M11 -5L16 0L11 5L6 0Z"/>`, text: "decision threshold" };
  const all = threshold === undefined ? entries : [...entries, operating];
  return html`${all.map(
    ({ mark, text }, index) => html`
    <g transform="translate(${at(left)} ${at(y(0) - 16 - 20 * (all.length - 1 - index))})">${mark}<text class="label" x="30" y="4">${text}</text></g>`,
  )}`;
}

/** The ROC as inline SVG, with the EER point and the operating point of the first series. */
export function rocPlot(series: readonly RocSeries[], threshold: number | undefined): Html {
  const drawn = series.filter(({ metrics }) => metrics.auc !== null);
  const [first] = drawn;
  const words = drawn.map(
    ({ name, metrics }) => `by ${name}: AUC ${(metrics.auc ?? 0).toFixed(3)}, EER ${(metrics.eer ?? 0).toFixed(3)}`,
  );
  return html`<svg role="img" aria-labelledby="roc-title roc-desc" viewBox="0 0 ${size.width} ${size.height}">
    <title id="roc-title">ROC curve</title>
    <desc id="roc-desc">True positive rate over false positive rate, ${words.join("; ")}. The dashed diagonal is chance.</desc>${axes()}
    ${[...drawn].reverse().map((each) => html`<path class="roc ${each.name}" d="${pathOf(each)}"/>`)}
    ${first && equalErrorMark(first)}${first && threshold !== undefined ? thresholdMark(first, threshold) : undefined}${legend(drawn, threshold)}
  </svg>`;
}
