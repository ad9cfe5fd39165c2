import { type Command, Option } from "commander";
import { openStore } from "../../features/store.js";
import { encodersOf } from "../../fingerprint.js";
import { trainDetectorHead, trainDetectorSvm } from "../../training/detector-training.js";
import { interruptible } from "../interrupt.js";
import { positiveNumber, wholeNumber } from "../options.js";
import { say, writeJsonLine } from "../output.js";
import { Progress } from "../progress.js";

interface HeadCommandOptions {
  readonly out: string;
  readonly loss: "supcon";
  readonly dim: number;
  readonly temperature: number;
  readonly epochs: number;
  readonly batch: number;
  readonly learningRate: number;
  readonly seed: number;
  readonly validation: number;
}

interface SvmCommandOptions {
  readonly detector: string;
  readonly kernel: "linear" | "rbf";
  readonly c: number;
  readonly gamma: number;
  readonly features: "projection" | "encoder";
}

/** `unreel train head` and `unreel train svm`. */
export function addTrainCommand(program: Command): void {
  const train = program.command("train").description("train a detector on a feature store");
  train
    .command("head")
    .description("train the projection head with the supervised contrastive loss")
    .argument("<features>", "a feature store with labels; rows of split test are never used")
    .requiredOption("--out <dir>", "the detector's folder")
    .addOption(new Option("--loss <name>", "the loss").choices(["supcon"]).default("supcon"))
    .option("--dim <n>", "dimension of the projection", wholeNumber(1), 128)
    .option("--temperature <t>", "of the loss", positiveNumber, 0.07)
    .option("--epochs <n>", "passes over the rows", wholeNumber(1), 30)
    .option("--batch <n>", "rows a batch, half of each class", wholeNumber(4), 256)
    .option("--learning-rate <r>", "AdamW's, decaying to 0", positiveNumber, 1e-3)
    .option("--seed <n>", "same rows, options and seed: same bytes", wholeNumber(0), 1)
    .option("--validation <share>", "share of groups that choose epoch and threshold", positiveNumber, 0.25)
    .action((features: string, options: HeadCommandOptions) =>
      interruptible((signal) => trainHead(features, options, signal)),
    );
  train
    .command("svm")
    .description("train the SVM behind the head and choose the threshold on the validation groups")
    .argument("<features>", "the feature store that the head was trained on")
    .requiredOption("--detector <dir>", "the folder that train head wrote")
    .addOption(new Option("--kernel <name>", "the kernel").choices(["linear", "rbf"]).default("rbf"))
    .option("--c <c>", "C of C-SVC, balanced over the classes", positiveNumber, 1)
    .option("--gamma <g>", "of the RBF kernel", positiveNumber, 1)
    .addOption(
      new Option("--features <what>", "what the SVM sees").choices(["projection", "encoder"]).default("projection"),
    )
    .action((features: string, options: SvmCommandOptions) =>
      interruptible((signal) => trainSvm(features, options, signal)),
    );
}

async function trainHead(features: string, options: HeadCommandOptions, signal: AbortSignal): Promise<void> {
  const store = await openStore(features);
  const progress = new Progress("train head", options.epochs, "epochs");
  const { encoderPaths, fingerprint } = store.info;
  const encoders = encodersOf(fingerprint).map(({ sha256 }, i) => ({ path: encoderPaths?.[i] ?? "", sha256 }));
  const head = await trainDetectorHead(store, options.out, {
    ...options,
    signal,
    ...(encoders.length > 0 && encoders.every(({ path }) => path !== "") && { encoders }),
    onProgress: ({ epoch, loss, validationLoss, meanCosine }) =>
      progress.update(
        epoch,
        `loss ${loss.toFixed(4)}, validation ${validationLoss.toFixed(4)}, mean cosine ${meanCosine.toFixed(3)}`,
      ),
  }).finally(() => progress.end());
  say(`The head lies in ${options.out}; next: unreel train svm ${features} --detector ${options.out}`);
  await writeJsonLine({ detector: options.out, inputDimension: head.inputDimension, dimension: head.dimension });
}

async function trainSvm(features: string, options: SvmCommandOptions, signal: AbortSignal): Promise<void> {
  const store = await openStore(features);
  const { svm, threshold } = await trainDetectorSvm(store, options.detector, { ...options, signal });
  say(
    `${svm.supportVectorCount} support vectors; threshold ${threshold.name} = ${threshold.value.toFixed(4)}, chosen on ` +
      `${threshold.videos} validation videos`,
  );
  await writeJsonLine({ detector: options.detector, supportVectors: svm.supportVectorCount, threshold });
}
