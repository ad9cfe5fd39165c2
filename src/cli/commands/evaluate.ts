import { type Command, Option } from "commander";
import { throwIfAborted, UnreelTypeError } from "../../errors.js";
import { evaluate, type Report } from "../../evaluation/evaluate.js";
import { type EvaluateDetectorOptions, evaluateDetector } from "../../evaluation/evaluate-detector.js";
import { readPredictions } from "../../evaluation/predictions.js";
import { prepareReportFolder, writeReport } from "../../evaluation/report-folder.js";
import { openStore } from "../../features/store.js";
import { interruptible } from "../interrupt.js";
import { openShare, shareables } from "../options.js";
import { say, writeJsonLine } from "../output.js";
import { typed } from "../typed.js";

interface EvaluateCommandOptions {
  readonly detector?: string;
  readonly predictions?: string;
  readonly split?: string;
  readonly out: string;
  readonly allowShared?: string;
  readonly title?: string;
  readonly threshold?: NonNullable<EvaluateDetectorOptions["threshold"]>;
  readonly prevalence?: number;
}

/** `unreel evaluate`: a report on a detector, or on anyone's scores. */
export function addEvaluateCommand(program: Command): void {
  program
    .command("evaluate")
    .description("measure a detector on a split it never saw, or anyone's scores: report.html, metrics.json, CSV")
    .argument("[features]", "a feature store with labels")
    .option("--detector <dir>", "the detector to measure")
    .addOption(
      new Option("--predictions <file>", "measure the scores in a CSV file: video,label,score and more").conflicts(
        "detector",
      ),
    )
    .option("--split <name>", "the split to test on (default test, with --detector)")
    .requiredOption("--out <dir>", "the report's folder")
    .option("--allow-shared <kinds>", "let the test share source, identity or group with training; said in the report")
    .option("--title <text>", "heading of the report")
    .addOption(
      new Option(
        "--threshold <name>",
        "with --detector: convenience, balanced (default), security, or a threshold's own name",
      ).conflicts("predictions"),
    )
    .addOption(
      new Option("--prevalence <share>", "with --detector: share of fakes among your videos, for the precision there")
        .argParser(openShare)
        .conflicts("predictions"),
    )
    .action((features: string | undefined, options: EvaluateCommandOptions) =>
      interruptible((signal) => run(features, options, signal)),
    );
}

async function run(features: string | undefined, options: EvaluateCommandOptions, signal: AbortSignal): Promise<void> {
  await prepareReportFolder(options.out);
  const report =
    options.predictions === undefined ? await ofDetector(features, options) : await ofPredictions(features, options);
  throwIfAborted(signal);
  await writeReport(options.out, report);
  const { accuracy, balancedAccuracy, precision, recall, f1, auc, eer, ap, n, majorityBaseline } = report.video;
  say(`The report lies in ${options.out}/report.html`);
  await writeJsonLine({
    report: options.out,
    video: { n, accuracy, majorityBaseline, balancedAccuracy, precision, recall, f1, auc, eer, ap },
    interval: report.interval,
    reliability: report.reliability,
    deployment: report.deployment,
    coverage: report.coverage.video.coverage,
  });
}

async function ofDetector(features: string | undefined, options: EvaluateCommandOptions): Promise<Report> {
  if (features === undefined || options.detector === undefined) {
    throw new UnreelTypeError("evaluate takes a feature store and --detector DIR, or --predictions FILE.csv");
  }
  return evaluateDetector(await openStore(features), options.detector, {
    split: options.split ?? "test",
    allowShared: new Set(shareables(options.allowShared)),
    ...(options.title !== undefined && { title: options.title }),
    ...(options.threshold !== undefined && { threshold: options.threshold }),
    ...(options.prevalence !== undefined && { prevalence: options.prevalence }),
    command: commandOf(features, options.detector, options),
  });
}

/** The command that makes the same report again. */
function commandOf(features: string, detector: string, options: EvaluateCommandOptions): string {
  const { split = "test", out, allowShared, title, threshold, prevalence } = options;
  return typed([
    ...["unreel", "evaluate", features, "--detector", detector, "--split", split, "--out", out],
    ...(allowShared === undefined ? [] : ["--allow-shared", allowShared]),
    ...(title === undefined ? [] : ["--title", title]),
    ...(threshold === undefined ? [] : ["--threshold", threshold]),
    ...(prevalence === undefined ? [] : ["--prevalence", String(prevalence)]),
  ]);
}

async function ofPredictions(features: string | undefined, options: EvaluateCommandOptions): Promise<Report> {
  if (features !== undefined)
    throw new UnreelTypeError("--predictions names the scores; give no feature store beside it");
  const { predictions, ignoredColumns } = await readPredictions(options.predictions ?? "");
  if (ignoredColumns.length > 0) say(`columns that are not used: ${ignoredColumns.join(", ")}`);
  const shared = shareables(options.allowShared).filter((kind) => kind !== "identity");
  return evaluate(predictions, {
    ...(options.split !== undefined && { split: options.split }),
    ...(options.title !== undefined && { title: options.title }),
    ...(shared.length > 0 && { allowShared: shared }),
  });
}
