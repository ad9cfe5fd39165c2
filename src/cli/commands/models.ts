import type { Command } from "commander";
import {
  makeModel,
  modelNames,
  type QuantizedModel,
  type QuantizeProgress,
  quantizeModel,
} from "../../models/index.js";
import { interruptible } from "../interrupt.js";
import { cosine, wholeNumber } from "../options.js";
import { say, write } from "../output.js";
import { Progress } from "../progress.js";
import { addListCommand } from "./models-list.js";
import { addPullCommand } from "./models-pull.js";
import { addVerifyCommand } from "./models-verify.js";

/** `unreel models …`; `make` writes an encoder of noise residuals, or a CLIP with seeded weights. */
export function addModelsCommand(program: Command): void {
  const models = program.command("models").description("encoder files");
  models
    .command("make")
    .description(
      `write an encoder: residual (noise, a fixed formula) or a CLIP with seeded, untrained weights (${modelNames.join(", ")})`,
    )
    .argument("<name>", `one of ${modelNames.join(", ")}`)
    .requiredOption("--out <file>", "the ONNX file to write")
    .option("--seed <n>", "the same seed gives the same bytes", wholeNumber(0), 1)
    .option("--external-data", "weights in a file of their own, FILE.data; so it is anyway above 1.9 GB")
    .action((name: string, options: MakeOptions) => interruptible((signal) => make(name, options, signal)));
  models
    .command("quantize")
    .description("write an 8-bit model of an encoder, and say how near its embeddings are")
    .argument("<in>", "ONNX file, fp32 or fp16")
    .argument("<out>", "the ONNX file to write")
    .option("--frames <dir>", "folder of videos, images or .npy pictures to compare over; else synthetic pictures")
    .option("--min-cosine <c>", "refuse where a picture's cosine is smaller", cosine, 0.995)
    .option("--no-compare", "write without running either model")
    .option("--external-data", "weights in a file of their own, FILE.data; so it is anyway above 1.9 GB")
    .option("--threads <n>", "threads that run the models (default: the cores)", wholeNumber(1))
    .option("--json", "print one JSON document")
    .action((source: string, target: string, options: QuantizeFlags) =>
      interruptible((signal) => quantize(source, target, options, signal)),
    );
  addPullCommand(models);
  addListCommand(models);
  addVerifyCommand(models);
}

interface QuantizeFlags {
  readonly frames?: string;
  readonly minCosine: number;
  readonly compare: boolean;
  readonly externalData?: boolean;
  readonly threads?: number;
  readonly json?: boolean;
}

interface MakeOptions {
  readonly out: string;
  readonly seed: number;
  readonly externalData?: boolean;
}

async function make(name: string, options: MakeOptions, signal: AbortSignal): Promise<void> {
  let progress: Progress | undefined;
  const made = await makeModel(name, options.out, {
    seed: options.seed,
    externalData: options.externalData === true,
    signal,
    onProgress: ({ writtenBytes, totalBytes }) => {
      progress ??= new Progress(`models make ${name}`, Math.ceil(totalBytes / 2 ** 20), "MiB");
      progress.update(Math.floor(writtenBytes / 2 ** 20));
    },
  });
  progress?.end();
  say(
    made.seeded
      ? "Seeded weights: the true architecture and speed, and no knowledge of pictures. Not a pretrained CLIP."
      : "A fixed formula of noise residuals: nothing trained, nothing random. Strong compression destroys what it reads.",
  );
  await write(`${JSON.stringify({ file: options.out, ...made })}\n`);
}

async function quantize(source: string, target: string, flags: QuantizeFlags, signal: AbortSignal): Promise<void> {
  const { json = false, ...options } = flags;
  const progress = new StageProgress();
  const made = await quantizeModel(source, target, {
    ...options,
    signal,
    onProgress: (step) => progress.update(step),
  });
  progress.end();
  await write(json ? `${JSON.stringify({ in: source, file: target, ...made })}\n` : summary(target, made));
}

/** One progress line for each stage of the work. */
class StageProgress {
  static readonly #units = {
    weights: { divisor: 1, unit: "layers" },
    writing: { divisor: 2 ** 20, unit: "MiB" },
    comparing: { divisor: 1, unit: "models" },
    searching: { divisor: 1, unit: "layers" },
  } as const;
  #stage = "";
  #progress: Progress | undefined;

  update({ stage, done, total }: QuantizeProgress): void {
    const { divisor, unit } = StageProgress.#units[stage];
    if (stage !== this.#stage) {
      this.end();
      this.#stage = stage;
      this.#progress = new Progress(`models quantize, ${stage}`, Math.ceil(total / divisor), unit);
    }
    this.#progress?.update(Math.floor(done / divisor));
  }

  end(): void {
    this.#progress?.end();
    this.#progress = undefined;
  }
}

function summary(file: string, made: QuantizedModel): string {
  const { bytes, source, int8Layers, keptLayers, cosine: near, sha256 } = made;
  const share = `${(bytes / 1e6).toFixed(1)} MB of ${(source.bytes / 1e6).toFixed(1)} MB`;
  const lines = [`${file}: ${share}, ${int8Layers} layers in 8 bits, SHA-256 ${sha256}`];
  if (near === undefined) lines.push("not compared with the original");
  else
    lines.push(
      `cosine min ${near.min.toFixed(6)}, mean ${near.mean.toFixed(6)} over ${near.pictures} pictures: ${near.over}`,
    );
  for (const each of near?.skipped ?? []) lines.push(`skipped ${each.file}: ${each.code}: ${each.message}`);
  for (const { name, operator, reason } of keptLayers) lines.push(`kept as it is: ${operator} ${name}: ${reason}`);
  return `${lines.join("\n")}\n`;
}
