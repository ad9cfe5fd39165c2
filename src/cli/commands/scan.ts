import { type Command, Option } from "commander";
import { loadDetector, type ScanOptions, type ScanResult, type Verdict } from "../../detector.js";
import { encoderFiles } from "../encoders.js";
import { exitCode } from "../exit.js";
import { collectInputs, inputOf, sourceOf } from "../inputs.js";
import { interruptible } from "../interrupt.js";
import { addLimitOptions, type LimitOptions, limitsOf } from "../limits.js";
import { openShare, scoreOrName, wholeNumber } from "../options.js";
import { failure, say, write, writeJsonLine } from "../output.js";
import { Progress } from "../progress.js";

interface ScanCommandOptions extends LimitOptions {
  readonly detector: string;
  readonly encoder?: string;
  readonly threshold?: NonNullable<ScanOptions["threshold"]>;
  readonly prevalence?: number;
  readonly json?: boolean;
  readonly jsonl?: boolean;
  readonly failOn?: string;
  readonly concurrency?: number;
  readonly threads?: number;
  readonly batch?: number;
  readonly fromFile?: string;
  readonly nul?: boolean;
}

/** `unreel scan`: verdicts on videos. */
export function addScanCommand(program: Command): void {
  const command = program
    .command("scan")
    .description("say of each video whether it is real or fake")
    .argument("[videos...]", "video files, URLs, or - for the bytes of one video on stdin")
    .requiredOption("--detector <dir>", "the detector's folder")
    .option(
      "--encoder <file>",
      "the encoder's ONNX file or name (several: A,B), where it is not at the place that the detector names",
    )
    .option(
      "--threshold <name|score>",
      "from where on it is fake: convenience, balanced (default), security, a threshold's own name, or a score",
      scoreOrName,
    )
    .option("--prevalence <share>", "share of fakes among your videos, for the probability", openShare)
    .addOption(new Option("--json", "one JSON document with all results").conflicts("jsonl"))
    .option("--jsonl", "one line of JSON per video as it finishes (the default when stdout is no terminal)")
    .addOption(new Option("--fail-on <verdict>", "exit with 3 when a video has that verdict").choices(["fake"]))
    .option("--concurrency <n>", "videos in flight", wholeNumber(1))
    .option("--threads <n>", "threads that decode and encode", wholeNumber(1))
    .option("--batch <n>", "pictures an encode call takes at most", wholeNumber(1))
    .option("--from-file <file>", "read a list of videos, one a line; - is stdin")
    .option("-0, --nul", "the list is separated by NUL characters")
    .action((videos: string[], options: ScanCommandOptions) =>
      interruptible((signal) => scan(videos, options, signal)),
    );
  addLimitOptions(command);
}

async function scan(videos: readonly string[], options: ScanCommandOptions, signal: AbortSignal): Promise<void> {
  const inputs = await collectInputs(videos, options);
  const { threads, batch, encoder, concurrency, threshold, prevalence } = options;
  await using detector = await loadDetector(options.detector, {
    ...(encoder !== undefined && { encoder: encoderFiles(encoder) }),
    ...(threads !== undefined && { threads }),
    ...(batch !== undefined && { batch }),
    signal,
  });
  const many = {
    ...(concurrency !== undefined && { concurrency }),
    ...(threshold !== undefined && { threshold }),
    ...(prevalence !== undefined && { prevalence }),
    limits: limitsOf(options),
    signal,
  };
  const lines = options.jsonl === true || (options.json !== true && process.stdout.isTTY !== true);
  const results: object[] = [];
  const progress = new Progress("scan", inputs.length, "videos");
  let failed = 0;
  let fakes = 0;
  let done = 0;
  try {
    for await (const each of detector.scanMany(inputs.map(sourceOf), many)) {
      const result: ScanResult<string> = { ...each, input: inputOf(each.input) };
      if (!result.ok) failed++;
      else if (result.verdict === "fake") fakes++;
      const document = result.ok ? result : failure(result.input, result.error);
      if (options.json === true) results.push(document);
      else if (lines) await writeJsonLine(document);
      else await write(`${line(result)}\n`);
      progress.update(++done);
    }
  } finally {
    progress.end();
    // Interrupted too: what is finished is not lost.
    if (options.json === true) await write(`${JSON.stringify(results, null, 2)}\n`);
  }
  if (failed > 0) say(`${failed} of ${inputs.length} inputs could not be scanned`);
  if (failed > 0) process.exitCode = exitCode.failed;
  else if (fakes > 0 && options.failOn === "fake") process.exitCode = exitCode.findings;
}

/** A result for people: verdict, input, score beside its threshold, and how probable it is that it is fake. */
function line(result: ScanResult<string>): string {
  if (!result.ok) return `error         ${result.input}: ${result.error.code}: ${result.error.message}`;
  const { verdict, score, threshold, reason } = result;
  const figures =
    score === undefined ? (reason ?? "") : `score ${score.toFixed(4)} (fake from ${threshold.value.toFixed(4)})`;
  return `${verdict.padEnd(12)}  ${result.input}  ${figures}${probabilityText(result)}`;
}

function probabilityText({ probability, interval }: Verdict): string {
  if (probability === undefined) return "";
  const range = interval === undefined ? "" : ` (${interval.map((end) => end.toFixed(2)).join(" to ")})`;
  return `, probability ${probability.toFixed(2)}${range}`;
}
