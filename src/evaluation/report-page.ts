import type { Coverage, Provenance, Report } from "./evaluate.js";
import { scoredOf } from "./evaluate.js";
import { historyPlots } from "./history-plot.js";
import { type Html, html } from "./html.js";
import type { Metrics } from "./metrics.js";
import { worstMistakes } from "./mistakes.js";
import { probabilitySection } from "./probability-section.js";
import { reportStyle } from "./report-style.js";
import { type RocSeries, rocPlot } from "./roc-plot.js";
import { shortNumber } from "./scale.js";
import { scoreHistogram } from "./score-histogram.js";

const mistakesShown = 12;

/** A rate with three decimals; a dash where it is not defined. */
function rate(value: number | null | undefined): string {
  return value === null || value === undefined ? "\u2013" : value.toFixed(3);
}

/** Characters that turn the direction of text: in a file name they pass one for another. */
const directionMarks = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** A name from outside: on its own in the direction of text, direction marks in it shown by number. */
function name(text: string): Html {
  const shown = text.replace(
    directionMarks,
    (mark) => `[U+${mark.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}]`,
  );
  return html`<bdi>${shown}</bdi>`;
}

function intervalText({ interval }: Report): string | undefined {
  return interval === null ? undefined : `95 % interval ${rate(interval.lower)}\u2013${rate(interval.upper)}`;
}

function syntheticBanner({ synthetic }: Report): Html | undefined {
  if (synthetic === null) return undefined;
  return html`<div class="box synthetic" role="note"><p><strong>Synthetic data.</strong> ${synthetic}</p></div>`;
}

function header(report: Report): Html {
  const { video, split, frame } = report;
  const frames = frame === null ? "" : `, ${frame.n} scored frames`;
  const of = split === null ? "" : html` of split ${name(split)}`;
  return html`<header>
  <h1>${report.title}</h1>
  <p class="lead">${video.n} scored videos${of}: ${video.real} real, ${video.fake} fake${frames}.</p>
  ${syntheticBanner(report)}
</header>`;
}

function tile(label: string, value: string, below: string | undefined): Html {
  return html`<div class="tile"><span>${label}</span><b>${value}</b><span>${below}</span></div>`;
}

function tiles(report: Report): Html {
  const { video, coverage } = report;
  const { scored, n } = coverage.video;
  const accuracy =
    video.accuracy === undefined
      ? tile("Average precision, by video", rate(video.ap), `always fake ${rate(video.prevalence)}`)
      : tile("Accuracy, by video", rate(video.accuracy), `majority baseline ${rate(video.majorityBaseline.accuracy)}`);
  return html`<div class="tiles">
  ${tile("AUC, by video", rate(video.auc), intervalText(report) ?? "no interval")}
  ${tile("Equal error rate, by video", rate(video.eer), `TPR at 1 % FPR ${rate(video.tprAtFpr1)}`)}
  ${accuracy}
  ${tile("Coverage", `${(100 * (scored / n)).toFixed(1)} %`, `${scored} of ${n} videos scored`)}
</div>`;
}

function meaning({ notes, remarks }: Report): Html {
  const list = remarks.length === 0 ? undefined : html`<ul>${remarks.map((remark) => html`<li>${remark}</li>`)}</ul>`;
  const paragraphs = notes.map((note) => html`<p>${note}</p>`);
  return html`<section class="box" aria-labelledby="meaning"><h2 id="meaning">What this shows and what not</h2>
${paragraphs}${list}${notes.length + remarks.length === 0 ? html`<p>Nothing was noted.</p>` : undefined}</section>`;
}

interface Column {
  readonly title: string;
  readonly metrics: Metrics;
}

function columnsOf(report: Report): Column[] {
  const columns: Column[] = [{ title: "by video", metrics: report.video }];
  if (report.frame !== null) columns.push({ title: "by frame", metrics: report.frame });
  if (report.coverage.video.abstained > 0) {
    columns.push({ title: "by video, failures as errors", metrics: report.videoFailuresAsErrors });
  }
  return columns;
}

function metricRow(label: Html | string, columns: readonly Column[], cell: (metrics: Metrics) => Html | string): Html {
  const cells = columns.map(({ metrics }) => html`<td>${cell(metrics)}</td>`);
  return html`<tr><th scope="row">${label}</th>${cells}</tr>`;
}

function beside(value: number | null | undefined, what: string, other: number | null): Html {
  return html`${rate(value)}<small class="beside">${what} ${rate(other)}</small>`;
}

function partRow(text: string, columns: readonly Column[]): Html {
  return html`<tr class="part"><th scope="rowgroup" colspan="${columns.length + 1}">${text}</th></tr>`;
}

function decisionRows(columns: readonly Column[], report: Report): Html | undefined {
  const { threshold } = report;
  if (threshold === null) return undefined;
  const part =
    `Decision: fake where the score is at least ${shortNumber(threshold.value)} ` +
    `(threshold “${threshold.name}”, chosen on ${threshold.chosenOn})`;
  return html`${partRow(part, columns)}
  ${metricRow("Accuracy", columns, (m) => beside(m.accuracy, "majority baseline", m.majorityBaseline.accuracy))}
  ${metricRow("Balanced accuracy", columns, (m) => beside(m.balancedAccuracy, "baseline", 0.5))}
  ${metricRow("Precision", columns, (m) => beside(m.precision, "always fake", m.prevalence))}
  ${metricRow("Recall", columns, (m) => rate(m.recall))}
  ${metricRow("F1", columns, (m) => beside(m.f1, "always fake", m.majorityBaseline.f1AlwaysFake))}
  ${metricRow("Fakes found / missed", columns, ({ confusion: c }) => `${c?.tp ?? 0} / ${c?.fn ?? 0}`)}
  ${metricRow("Reals passed / accused", columns, ({ confusion: c }) => `${c?.tn ?? 0} / ${c?.fp ?? 0}`)}`;
}

function metricsTable(report: Report): Html {
  const columns = columnsOf(report);
  return html`<h2>Metrics</h2>
<div class="scroll"><table>
<thead><tr><th scope="col">metric</th>${columns.map(({ title }) => html`<th scope="col">${title}</th>`)}</tr></thead>
<tbody>
  ${metricRow("Scored", columns, (m) => html`${m.n}<small class="beside">${m.real} real, ${m.fake} fake</small>`)}
  ${metricRow("Prevalence of fakes", columns, (m) => rate(m.prevalence))}
  ${partRow("Ranking: no threshold needed", columns)}
  ${metricRow("AUC", columns, (m) =>
    m === report.video && report.interval !== null
      ? html`${rate(m.auc)}<small class="beside">${intervalText(report)}</small>`
      : beside(m.auc, "chance", 0.5),
  )}
  ${metricRow("Equal error rate", columns, (m) =>
    m.eerThreshold === null
      ? rate(m.eer)
      : html`${rate(m.eer)}<small class="beside">near score ${shortNumber(m.eerThreshold)}</small>`,
  )}
  ${metricRow("Average precision", columns, (m) => beside(m.ap, "chance", m.prevalence))}
  ${metricRow("True positive rate at 1 % false positives", columns, (m) => rate(m.tprAtFpr1))}
  ${decisionRows(columns, report)}
</tbody></table></div>`;
}

function plots(report: Report): Html {
  const threshold = report.threshold ?? undefined;
  const video: RocSeries = { name: "video", rows: scoredOf(report.videos), metrics: report.video };
  const series = [video];
  if (report.frame !== null && report.frame.n > 0) {
    series.push({ name: "frame", rows: scoredOf(report.frames), metrics: report.frame });
  }
  const histograms = series.map(
    ({ name: level, rows }) =>
      html`<figure><h3>Scores by ${level}</h3>${scoreHistogram(rows, level, threshold)}</figure>`,
  );
  return html`<h2>Curves</h2>
<div class="plots">
<figure><h3>ROC</h3>${rocPlot(series, threshold?.value)}</figure>
<div>${histograms}</div>
</div>`;
}

function methodTable({ byMethod, threshold }: Report): Html | undefined {
  if (byMethod.length === 0) return undefined;
  const hasDataset = byMethod.some(({ dataset }) => dataset !== null);
  const decided = threshold !== null;
  const number = (value: number | string) => html`<td class="number">${value}</td>`;
  const heads = ["fakes", "reals", "abstained", "AUC", "EER", "AP", ...(decided ? ["recall"] : [])];
  const rows = byMethod.map(
    ({ dataset, method, abstained, metrics: m }) => html`<tr>
  ${hasDataset ? html`<td class="name">${dataset === null ? "\u2013" : name(dataset)}</td>` : undefined}
  <td class="name">${method === null ? "not known" : name(method)}</td>${number(m.fake)}${number(m.real)}${number(abstained)}
  ${[m.auc, m.eer, m.ap, ...(decided ? [m.recall] : [])].map((value) => number(rate(value)))}</tr>`,
  );
  return html`<h2>By method</h2>
<p class="fine">The fakes of each method against the real videos of the same dataset, by video.</p>
<div class="scroll"><table><thead><tr>${hasDataset ? html`<th scope="col">dataset</th>` : undefined}<th scope="col">method</th>
${heads.map((head) => html`<th scope="col" class="number">${head}</th>`)}</tr></thead><tbody>${rows}</tbody></table></div>`;
}

function coverageRow(level: string, coverage: Coverage): Html {
  const reasons = Object.entries(coverage.reasons).map(
    ([reason, count], index) => html`${index > 0 ? ", " : ""}${name(reason)} ${count}`,
  );
  const { n, scored, abstained, abstainedReal, abstainedFake } = coverage;
  return html`<tr><th scope="row">${level}</th><td class="number">${n}</td><td class="number">${scored}</td>
<td class="number">${(100 * coverage.coverage).toFixed(1)} %</td><td>${abstained}${abstained > 0 ? html`<small class="beside">${abstainedReal} real, ${abstainedFake} fake</small>` : undefined}</td>
<td class="name">${reasons.length > 0 ? reasons : "\u2013"}</td></tr>`;
}

function coverageTable({ coverage }: Report): Html {
  return html`<h2>Coverage</h2>
<div class="scroll"><table><thead><tr><th scope="col">level</th><th scope="col" class="number">all</th><th scope="col" class="number">scored</th>
<th scope="col" class="number">coverage</th><th scope="col">abstained</th><th scope="col">reasons</th></tr></thead>
<tbody>${coverageRow("videos", coverage.video)}${coverage.frame === null ? undefined : coverageRow("frames", coverage.frame)}</tbody></table></div>`;
}

function mistakesTable(report: Report): Html {
  const decided = report.threshold !== null;
  const mistakes = worstMistakes(report, mistakesShown);
  if (mistakes.length === 0) {
    const what = decided ? "No scored video was decided wrongly." : "Every fake scores above every real video.";
    return html`<h2>Worst mistakes</h2><p>${what}</p>`;
  }
  const about = decided
    ? "Scored videos on the wrong side of the threshold, the farthest first."
    : "Without a threshold: videos on the wrong side of the largest share of the other class.";
  const rows = mistakes.map(({ video, by }) => {
    const truth = video.label === 1 ? html`<td class="fake-text">fake</td>` : html`<td class="real-text">real</td>`;
    const origin = [video.dataset, video.method].filter((text) => text !== undefined);
    const from = origin.length > 0 ? html`<small class="beside">${name(origin.join(" / "))}</small>` : undefined;
    return html`<tr><td class="name">${name(video.video)}${from}</td>${truth}<td class="number">${shortNumber(video.score)}</td>
<td class="number">${decided ? shortNumber(by) : `${(100 * by).toFixed(1)} %`}</td></tr>`;
  });
  return html`<h2>Worst mistakes</h2>
<p class="fine">${about} At most ${mistakesShown} are listed; <code>videos.csv</code> has all.</p>
<div class="scroll"><table><thead><tr><th scope="col">video</th><th scope="col">is</th><th scope="col" class="number">score</th>
<th scope="col" class="number">${decided ? "beyond threshold by" : "of the other class passed"}</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

function entry(term: string, value: Html | string | number | undefined): Html | undefined {
  return value === undefined ? undefined : html`<dt>${term}</dt><dd>${value}</dd>`;
}

function entries(
  what: string,
  values: Readonly<Record<string, string | number>> | undefined,
  format: "code" | "text",
): Html {
  return html`${Object.entries(values ?? {}).map(([key, value]) =>
    entry(`${what}${key}`, format === "code" ? html`<code>${value}</code>` : html`<bdi>${value}</bdi>`),
  )}`;
}

function groupsText({ groups, interval, shared }: Report): string {
  const known = groups.known === 0 ? "none known" : `${groups.known} among the videos`;
  const alone = groups.known > 0 && groups.videosWithout > 0 ? ` (${groups.videosWithout} videos name none)` : "";
  const unit = groups.known === 0 ? "videos" : "groups";
  const drawn =
    interval === null
      ? ""
      : `; the interval of the AUC draws ${interval.groups} ${unit} with replacement, ${interval.samples} times, seed ${interval.seed}`;
  const both = shared.group + shared.source;
  return `${known}${alone}${drawn}; ${both === 0 ? "none" : both} known to be in another split too`;
}

function provenanceList(report: Report): Html {
  const given: Provenance = report.provenance;
  const { threshold } = report;
  const decision =
    threshold === null ? "none given" : `${threshold.name} = ${threshold.value}, chosen on ${threshold.chosenOn}`;
  return html`<h2>Protocol and provenance</h2>
<dl>
${entry("Protocol", given.protocol)}${entry("Training set", given.trainingSet)}${entry("Test set", given.testSet)}
${entry("Split", report.split ?? "not named")}${entry("Split made by", given.splitBy)}${entry("Groups", groupsText(report))}
${entry("Allowed to be shared", given.shared)}${entry("Threshold", decision)}
${entry("Video score", `${report.aggregate} of the scores of its frames, where frames were scored`)}
${entry("Command", given.command === undefined ? undefined : html`<code>${given.command}</code>`)}
${entries("Fingerprint: ", given.fingerprints, "code")}${entries("Version: ", given.versions, "text")}${entries("Seed: ", given.seeds, "text")}${entries("", given.other, "text")}
</dl>`;
}

const definitions = html`<footer class="fine">
<p>Positive = fake. AUC counts ties half. The equal error rate lies where the ROC, joined by straight lines, meets the
descending diagonal. Average precision is the sum of precision times gained recall over distinct scores, without
interpolation. Abstentions are never given a score; under “failures as errors” they rank as the worst mistakes.</p>
<p>Every figure can be recomputed from <code>frames.csv</code> and <code>videos.csv</code>, which stand beside this file
with <code>metrics.json</code>.</p>
</footer>`;

/** The whole of report.html: one file that asks for nothing from outside and runs no script. */
export function reportPage(report: Report): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="unreel">
<title>${report.title}</title>
<style>${reportStyle}</style>
</head>
<body><main>
${header(report)}
${tiles(report)}
${meaning(report)}
${metricsTable(report)}
${plots(report)}
${probabilitySection(report)}
${report.training === null ? undefined : historyPlots(report.training)}
${methodTable(report)}
${coverageTable(report)}
${mistakesTable(report)}
${provenanceList(report)}
${definitions}
</main></body>
</html>
`.toString();
}
