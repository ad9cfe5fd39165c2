import type { Command } from "commander";
import { makeModel, modelNames } from "../../models/index.js";
import { interruptible } from "../interrupt.js";
import { wholeNumber } from "../options.js";
import { say, write } from "../output.js";
import { Progress } from "../progress.js";
import { addListCommand } from "./models-list.js";
import { addPullCommand } from "./models-pull.js";
import { addVerifyCommand } from "./models-verify.js";

/** `unreel models …`; `make` writes a CLIP image encoder with seeded weights. */
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
    .action((name: string, options: { readonly out: string; readonly seed: number }) =>
      interruptible((signal) => make(name, options, signal)),
    );
  addPullCommand(models);
  addListCommand(models);
  addVerifyCommand(models);
}

async function make(
  name: string,
  options: { readonly out: string; readonly seed: number },
  signal: AbortSignal,
): Promise<void> {
  let progress: Progress | undefined;
  const made = await makeModel(name, options.out, {
    seed: options.seed,
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
