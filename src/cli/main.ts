import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, CommanderError } from "commander";
import { packageRoot } from "../native/load.js";
import { addCalibrateCommand } from "./commands/calibrate.js";
import { addDemoCommand } from "./commands/demo.js";
import { addDoctorCommand } from "./commands/doctor.js";
import { addEvaluateCommand } from "./commands/evaluate.js";
import { addExtractCommand } from "./commands/extract.js";
import { addModelsCommand } from "./commands/models.js";
import { addPreprocessCommand } from "./commands/preprocess.js";
import { addSampleCommand } from "./commands/sample.js";
import { addScanCommand } from "./commands/scan.js";
import { addStoreCommand } from "./commands/store.js";
import { addSynthCommand } from "./commands/synth.js";
import { addTrainCommand } from "./commands/train.js";
import { exitCode, exitCodeOf } from "./exit.js";
import { explain, say } from "./output.js";

const epilogue = `
Examples:
  unreel doctor
  unreel models pull clip-vit-b-32-int8
  unreel models make vit-b-32 --out encoder.onnx
  unreel extract --manifest manifest.csv --encoder encoder.onnx --out features
  unreel train head features --out detector
  unreel train svm features --detector detector
  unreel evaluate features --detector detector --split test --out report
  unreel calibrate my-features --detector detector
  unreel scan clip.mp4 --detector detector

Data goes to stdout, everything else to stderr. Exit codes: 0 ok, 1 some inputs failed, 2 usage, 3 findings with
--fail-on, 4 environment, 130 interrupted after committing.
Environment: UNREEL_ONNXRUNTIME (another libonnxruntime), UNREEL_CACHE (where downloads and builds are kept),
UNREEL_MODELS (where pulled models are kept).`;

function makeProgram(): Command {
  const { version } = JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8")) as { version: string };
  const program = new Command("unreel")
    .description("Decides whether a video is real or a deepfake, on your own machine.")
    .version(version)
    .showSuggestionAfterError()
    .exitOverride()
    .addHelpText("after", epilogue);
  addSampleCommand(program);
  addPreprocessCommand(program);
  addModelsCommand(program);
  addExtractCommand(program);
  addTrainCommand(program);
  addEvaluateCommand(program);
  addCalibrateCommand(program);
  addScanCommand(program);
  addStoreCommand(program);
  addSynthCommand(program);
  addDoctorCommand(program);
  addDemoCommand(program);
  for (const command of program.commands) inheritSettings(command);
  return program;
}

/** commander hands settings down only to commands that are made after them. */
function inheritSettings(command: Command): void {
  command.exitOverride().showSuggestionAfterError();
  for (const child of command.commands) inheritSettings(child);
}

async function main(): Promise<void> {
  // A reader that goes away (| head) is no error of ours.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(exitCode.ok);
    throw error;
  });
  try {
    await makeProgram().parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? exitCode.ok : exitCode.usage;
      return;
    }
    say(explain(error));
    process.exitCode = exitCodeOf(error);
  }
}

await main();
