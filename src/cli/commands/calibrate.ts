import { type Command, Option } from "commander";
import {
  type CalibrateDetectorOptions,
  calibrateDetector,
  calibrationMethods,
} from "../../evaluation/calibrate-detector.js";
import { openStore } from "../../features/store.js";
import { decided, decisionsText } from "../decisions.js";
import { interruptible } from "../interrupt.js";
import { shareables, wholeNumber } from "../options.js";
import { say, writeJsonLine } from "../output.js";

interface CalibrateCommandOptions {
  readonly detector: string;
  readonly split?: string;
  readonly method: NonNullable<CalibrateDetectorOptions["method"]>;
  readonly seed: number;
  readonly allowShared?: string;
}

/** `unreel calibrate`: thresholds and probability for the user's own videos. */
export function addCalibrateCommand(program: Command): void {
  program
    .command("calibrate")
    .description("choose thresholds and fit the probability anew, on labelled videos that did not train the detector")
    .argument("<features>", "a feature store with labels")
    .requiredOption("--detector <dir>", "the detector; its detector.json is rewritten")
    .option("--split <name>", "calibrate on this split (default: all labelled videos)")
    .addOption(
      new Option("--method <name>", "auto: isotonic from 1,000 videos on, else the sigmoid")
        .choices(calibrationMethods)
        .default("auto"),
    )
    .option("--seed <n>", "of resamples of groups", wholeNumber(0), 1)
    .option("--allow-shared <kinds>", "let the videos share source, identity or group with the training")
    .action((features: string, options: CalibrateCommandOptions) =>
      interruptible((signal) => calibrate(features, options, signal)),
    );
}

async function calibrate(features: string, options: CalibrateCommandOptions, signal: AbortSignal): Promise<void> {
  const { detector, allowShared, ...settings } = options;
  const decisions = await calibrateDetector(await openStore(features), detector, {
    ...settings,
    allowShared: new Set(shareables(allowShared)),
    signal,
  });
  say(decisionsText(decisions));
  await writeJsonLine({ detector, ...decided(decisions) });
}
