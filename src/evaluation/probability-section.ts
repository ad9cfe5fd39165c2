import type { Report } from "./evaluate.js";
import { type Html, html } from "./html.js";

function figure(value: number): string {
  return value.toFixed(3);
}

function row(label: string, value: string, below: string): Html {
  return html`<tr><th scope="row">${label}</th><td>${value}<small class="beside">${below}</small></td></tr>`;
}

function deploymentTable({ deployment, threshold }: Report): Html | undefined {
  if (deployment === null) return undefined;
  const { prevalence, precision, interval, fpr, tpr } = deployment;
  const range =
    interval === undefined ? "no interval" : `95 % interval ${figure(interval[0])}\u2013${figure(interval[1])}`;
  const rates = `true positive rate ${figure(tpr)}, false positive rate ${figure(fpr)} at threshold “${threshold?.name}”`;
  return html`<h2>Where ${Number((100 * prevalence).toPrecision(6))} % of the videos are fake</h2>
<div class="scroll"><table><tbody>
${row("Precision: of what is called fake, is fake", precision === null ? "\u2013" : figure(precision), `${range}; ${rates}`)}
</tbody></table></div>`;
}

function reliabilityTable({ reliability }: Report): Html | undefined {
  if (reliability === null) return undefined;
  const { ece, brier, logLoss, baseline, bins } = reliability;
  const cells = bins.map(
    ({ videos, from, to, meanProbability, fakeShare }) =>
      html`<tr><td>${figure(from)}\u2013${figure(to)}</td>${[videos, figure(meanProbability), figure(fakeShare)].map(
        (value) => html`<td class="number">${value}</td>`,
      )}</tr>`,
  );
  const heads = ["videos", "mean probability", "share of fakes"];
  return html`<h2>Probabilities</h2>
<div class="scroll"><table><tbody>
${row("Expected calibration error", figure(ece), `${bins.length} bins of about equally many videos`)}
${row("Brier score", figure(brier), `baseline ${figure(baseline.brier)}`)}
${row("Log loss", figure(logLoss), `baseline ${figure(baseline.logLoss)}`)}
</tbody></table></div>
<p class="fine">Where probabilities can be believed, the two columns at the right agree. The baseline always says the
share of fakes.</p>
<div class="scroll"><table><thead><tr><th scope="col">probability</th>
${heads.map((head) => html`<th scope="col" class="number">${head}</th>`)}</tr></thead><tbody>${cells}</tbody></table></div>`;
}

/** What the probabilities are worth, and what a verdict is at the prevalence that was asked for. */
export function probabilitySection(report: Report): Html {
  return html`${deploymentTable(report)}${reliabilityTable(report)}`;
}
