import type { Command } from "commander";
import { makeModel, modelNames } from "../../models/index.js";
import { interruptible } from "../interrupt.js";
import { wholeNumber } from "../options.js";
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
  say(
    made.seeded
      ? "Seeded weights: the true architecture and speed, and no knowledge of pictures. Not a pretrained CLIP."
      : "A fixed formula of noise residuals: nothing trained, nothing random. Strong compression destroys what it reads.",
  );
  await write(`${JSON.stringify({ file: options.out, ...made })}\n`);
}
