import type { Command } from "commander";
import { makeModel, modelNames } from "../../models/index.js";
import { interruptible } from "../interrupt.js";
import { wholeNumber } from "../options.js";
import { say, write } from "../output.js";
import { Progress } from "../progress.js";

/** `unreel models make`: a CLIP image encoder with seeded weights. */
export function addModelsCommand(program: Command): void {
  const models = program.command("models").description("encoder files");
  models
    .command("make")
    .description(
      `write a CLIP image encoder of the true architecture with seeded, untrained weights (${modelNames.join(", ")})`,
    )
    .argument("<name>", `one of ${modelNames.join(", ")}`)
    .requiredOption("--out <file>", "the ONNX file to write")
    .option("--seed <n>", "the same seed gives the same bytes", wholeNumber(0), 1)
    .option("--external-data", "weights in a file of their own, FILE.data; so it is anyway above 1.9 GB")
    .action((name: string, options: MakeOptions) => interruptible((signal) => make(name, options, signal)));
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
  say("Seeded weights: the true architecture and speed, and no knowledge of pictures. Not a pretrained CLIP.");
  await write(`${JSON.stringify({ file: options.out, ...made })}\n`);
}
