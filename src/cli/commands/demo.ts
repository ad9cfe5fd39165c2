import { type Command, Option } from "commander";
import { type DemoOptions, runDemo } from "../../demo/index.js";
import { interruptible } from "../interrupt.js";

/** `unreel demo`: the whole flow on real clips. */
export function addDemoCommand(program: Command): void {
  program
    .command("demo")
    .description("the whole flow on real footage: synth, extract, train, evaluate, scan")
    .addOption(new Option("--videos <dir>", "a folder of your own clips").conflicts("footage"))
    .option("--footage <file>", "one long video to cut clips from (without both: generated scenes)")
    .option(
      "--encoder <file>",
      "an image encoder in ONNX beside residual, or a pulled model's name (default: ViT-B/32 with seeded weights, made here)",
    )
    .option("--out <dir>", "where everything goes", "unreel-demo")
    .action((options: Omit<DemoOptions, "signal">) => interruptible((signal) => runDemo({ ...options, signal })));
}
