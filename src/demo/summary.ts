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
