import { type Command, Option } from "commander";
import { openStore } from "../../features/store.js";
import { type DetectorSvmOptions, type DetectorSvmProgress, trainDetectorSvm } from "../../training/detector-svm.js";
import { svmKernels } from "../../training/svm-options.js";
import { decided, decisionsText } from "../decisions.js";
import { gridText } from "../grid-table.js";
import { interruptible } from "../interrupt.js";
import { finiteNumber, gammas, positiveNumber, positiveNumberList, wholeNumber } from "../options.js";
import { say, writeJsonLine } from "../output.js";
import { Progress } from "../progress.js";

interface SvmCommandOptions extends Omit<DetectorSvmOptions, "c" | "gamma" | "shrinking" | "signal" | "onProgress"> {
  readonly detector: string;
  readonly c?: readonly number[];
  readonly gamma?: readonly number[] | "scale";
}

/** `unreel train svm`. */
export function addTrainSvmCommand(train: Command): void {
  train
    .command("svm")
    .description("train the SVM behind the head, and choose thresholds and calibration on videos that it cannot know")
    .argument("<features>", "the feature store that the head was trained on")
    .requiredOption("--detector <dir>", "the folder that train head wrote")
    .addOption(
      new Option("--features <what>", "what the SVM sees").choices(["projection", "encoder"]).default("projection"),
    )
    .addOption(new Option("--kernel <name>", "the kernel").choices(svmKernels).default("rbf"))
    .option("--c <c>", "C of C-SVC, balanced over the classes (default 1); with --grid a list", positiveNumberList)
    .option("--gamma <g>", "of all kernels but linear: a number (default 1), or scale; with --grid a list", gammas)
    .option("--coef0 <b>", "of polynomial and sigmoid (default 0)", finiteNumber)
    .option("--degree <d>", "of polynomial (default 3)", wholeNumber(1))
    .option("--grid", "choose C and gamma by cross-validation (default: C 0.1,1,10,100 and gamma 0.25,1,4)", false)
    .option("--standardize", "give each number that the SVM sees mean 0 and deviation 1", false)
    .option("--folds <n>", "of the cross-validation", wholeNumber(2), 5)
    .option("--seed <n>", "of folds and of resamples of groups", wholeNumber(0), 1)
    .option("--epsilon <e>", "the gap at which the solver ends", positiveNumber, 1e-3)
    .option("--no-exact", "float matrix products: faster, and not libsvm's answer to the last bit")
    .option("--cache-mb <n>", "MiB of kernel rows that are kept", positiveNumber, 1024)
    .option("--threads <n>", "threads that compute (default: all cores)", wholeNumber(1))
    .action((features: string, options: SvmCommandOptions) =>
      interruptible((signal) => trainSvm(features, options, signal)),
    );
}

async function trainSvm(features: string, options: SvmCommandOptions, signal: AbortSignal): Promise<void> {
  const { detector, c, gamma, ...settings } = options;
  const progress = new SvmProgress();
  const trained = await trainDetectorSvm(await openStore(features), detector, {
    ...settings,
    ...(c !== undefined && { c: oneOrList(c) }),
    ...(gamma !== undefined && { gamma: oneOrList(gamma) }),
    signal,
    onProgress: (report) => progress.update(report),
  }).finally(() => progress.end());
  const { svm, grid, ...decisions } = trained;
  if (grid !== undefined) say(gridText(grid));
  say(`${svm.supportVectorCount} support vectors. ${decisionsText(decisions)}`);
  await writeJsonLine({
    detector,
    supportVectors: svm.supportVectorCount,
    ...(grid !== undefined && { grid }),
    ...decided(decisions),
  });
}

function oneOrList<T>(list: T): T | number {
  return Array.isArray(list) && list.length === 1 ? Number(list[0]) : list;
}

/** A line for the cross-validation, and one for the solver where it takes its time. */
class SvmProgress {
  #step: DetectorSvmProgress["step"] | undefined;
  #line: Progress | undefined;

  update(report: DetectorSvmProgress): void {
    if (this.#step !== report.step) {
      this.end();
      this.#step = report.step;
      this.#line =
        report.step === "training"
          ? new Progress("train svm", undefined, "iterations")
          : new Progress("cross-validation", report.all, "trainings");
    }
    if (report.step === "training") this.#line?.update(report.iterations, `gap ${report.gap.toPrecision(3)}`);
    else this.#line?.update(report.done);
  }

  end(): void {
    this.#line?.end();
    this.#line = undefined;
  }
}
