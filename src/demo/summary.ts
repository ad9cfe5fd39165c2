import type { Metrics } from "../evaluation/metrics.js";
import type { MetricsFile } from "../evaluation/report-folder.js";

function percent(value: number | null | undefined): string {
  return value == null ? "-" : `${(100 * value).toFixed(1)} %`;
}

function figure(value: number | null | undefined): string {
  return value == null ? "-" : value.toFixed(3);
}

type Row = readonly [name: string, of: (metrics: Metrics) => string];

const rows: readonly Row[] = [
  ["n (real + fake)", ({ n, real, fake }) => `${n} (${real} + ${fake})`],
  ["accuracy", ({ accuracy }) => percent(accuracy)],
  ["  majority baseline", ({ majorityBaseline }) => percent(majorityBaseline.accuracy)],
  ["precision", ({ precision }) => percent(precision)],
  ["recall", ({ recall }) => percent(recall)],
  ["F1", ({ f1 }) => percent(f1)],
  ["  calling all fake", ({ majorityBaseline }) => percent(majorityBaseline.f1AlwaysFake)],
  ["AUC", ({ auc }) => figure(auc)],
  ["EER", ({ eer }) => percent(eer)],
  ["AP", ({ ap }) => figure(ap)],
];

/** What one choice of encoders came to. */
export interface Measured {
  readonly name: string;
  readonly metrics: MetricsFile;
}

/** AUC of each choice of encoders beside the others, with what it was measured on. */
export function comparison(measured: readonly Measured[]): string {
  const width = Math.max(22, ...measured.map(({ name }) => name.length + 2));
  const [first] = measured;
  const counts = first === undefined ? "" : `, n = ${first.metrics.video.real} real + ${first.metrics.video.fake} fake`;
  const lines = measured.map(({ name, metrics: { video, frame, interval } }) => {
    const bounds = interval === null ? "" : `${figure(interval.lower)} to ${figure(interval.upper)}`;
    return `${name.padEnd(width)}${figure(video.auc).padStart(8)}${bounds.padStart(20)}${figure(frame?.auc).padStart(12)}`;
  });
  const head = `${"encoders".padEnd(width)}${"video".padStart(8)}${"95 % interval".padStart(20)}${"frame".padStart(12)}`;
  return `AUC on source clips that training never saw${counts}\n${[head, ...lines].join("\n")}\n`;
}

/** The figures of a report as a table, by video and by frame. */
export function metricsTable({ video, frame, interval }: MetricsFile): string {
  const cell = (text: string) => text.padStart(16);
  const lines = rows.map(
    ([name, of]) => `${name.padEnd(22)}${cell(of(video))}${frame === null ? "" : cell(of(frame))}`,
  );
  const head = `${"test split".padEnd(22)}${cell("by video")}${frame === null ? "" : cell("by frame")}`;
  const bounds =
    interval === null
      ? []
      : [`AUC by video, 95 % interval over source clips: ${figure(interval.lower)} to ${figure(interval.upper)}`];
  return `${[head, ...lines, ...bounds].join("\n")}\n`;
}
