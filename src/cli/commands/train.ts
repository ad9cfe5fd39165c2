import { type Command, Option } from "commander";
import { openStore } from "../../features/store.js";
import { encodersOf } from "../../fingerprint.js";
import { prepareModelFile } from "../../models/write-model.js";
import { trainDetectorHead } from "../../training/detector-training.js";
import { type LossName, type LossSettings, lossNames } from "../../training/loss.js";
import type { EpochReport } from "../../training/train-head.js";
import { interruptible } from "../interrupt.js";
import { numberFrom0, positiveNumber, shareBelow1, wholeNumber } from "../options.js";
import { say, writeJsonLine } from "../output.js";
import { Progress } from "../progress.js";
import { addTrainSvmCommand } from "./train-svm.js";

interface HeadCommandOptions {
  readonly out: string;
  readonly onnx?: string;
  readonly head: "linear" | "mlp";
  readonly hidden?: number;
  readonly dim: number;
  readonly dropout: number;
  readonly loss: LossName;
  readonly temperature?: number;
  readonly baseTemperature?: number;
  readonly learnTemperature: boolean;
  readonly margin?: number;
  readonly mining?: "hard" | "all";
  readonly alignAlpha?: number;
  readonly alignWeight?: number;
  readonly uniformWeight?: number;
  readonly uniformT?: number;
  readonly term: "none" | "cross-entropy" | "hinge";
  readonly termWeight?: number;
  readonly epochs: number;
  readonly batch: number;
  readonly framesPerVideo: number;
  readonly optimizer: "adamw" | "sgd";
  readonly momentum: number;
  readonly learningRate: number;
  readonly warmUp: number;
  readonly weightDecay: number;
  readonly clipNorm: number;
  readonly patience: number;
  readonly seed: number;
  readonly threads?: number;
  readonly validation: number;
}

/** `unreel train head` and `unreel train svm`. */
export function addTrainCommand(program: Command): void {
  const train = program.command("train").description("train a detector on a feature store");
  train
    .command("head")
    .description("train the projection head with a contrastive loss")
    .argument("<features>", "a feature store with labels; rows of split test are never used")
    .requiredOption("--out <dir>", "the detector's folder")
    .addOption(
      new Option("--loss <name>", "the loss; docs/losses.md tells them apart").choices(lossNames).default("supcon"),
    )
    .option("--temperature <t>", "supcon: default 0.07", positiveNumber)
    .option("--base-temperature <t>", "supcon: the loss is multiplied by temperature / this", positiveNumber)
    .option("--learn-temperature", "supcon: train the temperature too", false)
    .option("--margin <d>", "triplet, single-centre: default 0.3; margin: default 1", positiveNumber)
    .addOption(new Option("--mining <which>", "triplet: each anchor's hard triplet, or all").choices(["hard", "all"]))
    .option("--align-alpha <a>", "align-uniform: power of the distance, default 2", positiveNumber)
    .option("--align-weight <w>", "align-uniform: default 1", numberFrom0)
    .option("--uniform-weight <w>", "align-uniform: default 1", numberFrom0)
    .option("--uniform-t <t>", "align-uniform: default 2", positiveNumber)
    .addOption(
      new Option("--term <name>", "a classification loss beside it")
        .choices(["none", "cross-entropy", "hinge"])
        .default("none"),
    )
    .option("--term-weight <w>", "of that loss: default 1", numberFrom0)
    .option("--dim <n>", "dimension of the projection", wholeNumber(1), 128)
    .addOption(
      new Option("--head <kind>", "linear, or linear-ReLU-linear").choices(["linear", "mlp"]).default("linear"),
    )
    .option("--hidden <n>", "units of the mlp's hidden layer (default: as many as an embedding has)", wholeNumber(1))
    .option("--dropout <share>", "share of the last layer's inputs that a step drops", shareBelow1, 0)
    .option("--epochs <n>", "passes over the rows", wholeNumber(1), 30)
    .option("--patience <n>", "epochs without a better validation loss before the end; 0: never", wholeNumber(0), 10)
    .option("--batch <n>", "rows a batch, half of each class", wholeNumber(4), 256)
    .option("--frames-per-video <n>", "rows of one video that stand in a batch together", wholeNumber(1), 4)
    .addOption(new Option("--optimizer <name>", "the optimizer").choices(["adamw", "sgd"]).default("adamw"))
    .option("--momentum <m>", "of sgd", shareBelow1, 0.9)
    .option("--learning-rate <r>", "after the warm-up, decaying to 0", positiveNumber, 1e-3)
    .option("--warm-up <share>", "share of the steps in which the rate rises", shareBelow1, 0.05)
    .option("--weight-decay <d>", "on weights, not on biases", numberFrom0, 1e-4)
    .option("--clip-norm <n>", "the longest gradient of a step; 0: as it is", numberFrom0, 0)
    .option("--seed <n>", "same rows, options and seed: same bytes", wholeNumber(0), 1)
    .option("--threads <n>", "threads that compute (default: all cores); the bytes do not depend on it", wholeNumber(1))
    .option("--validation <share>", "share of groups that choose epoch and threshold", positiveNumber, 0.25)
    .option("--onnx <file>", "write the head as an ONNX model too")
    .action((features: string, options: HeadCommandOptions) =>
      interruptible((signal) => trainHead(features, options, signal)),
    );
  addTrainSvmCommand(train);
}

/** Ctrl-C ends the training with the best head so far, and leaves the checkpoint to go on from. */
async function trainHead(features: string, options: HeadCommandOptions, stop: AbortSignal): Promise<void> {
  const store = await openStore(features);
  const { onnx, ...training } = options;
  if (onnx !== undefined) await prepareModelFile(onnx);
  const progress = new Progress("train head", options.epochs, "epochs");
  const { encoderPaths, fingerprint } = store.info;
  const encoders = encodersOf(fingerprint).map(({ sha256 }, i) => ({ path: encoderPaths?.[i] ?? "", sha256 }));
  const head = await trainDetectorHead(store, options.out, {
    ...(training as LossSettings & typeof training),
    stop,
    ...(encoders.length > 0 && encoders.every(({ path }) => path !== "") && { encoders }),
    onResume: (epochs) => say(`Going on from ${options.out}/checkpoint.safetensors: ${epochs} epochs are done.`),
    onProgress: (report) => progress.update(report.epoch, noteOf(report)),
  }).finally(() => progress.end());
  if (onnx !== undefined) await head.exportOnnx(onnx);
  const { bestEpoch, history, end } = head;
  say(`Epoch ${bestEpoch} of ${history.length} was kept${reasons[end]}. The head lies in ${options.out}`);
  if (end !== "stopped") say(`Next: unreel train svm ${features} --detector ${options.out}`);
  const { inputDimension, dimension, kind } = head;
  await writeJsonLine({
    detector: options.out,
    kind,
    inputDimension,
    dimension,
    bestEpoch,
    epochs: history.length,
    end,
  });
}

const reasons = {
  finished: "",
  early: ": none was better since",
  stopped: ": it was interrupted; the same command goes on",
} as const;

function noteOf({ loss, validationLoss, auc, meanCosine, alignment, uniformity }: EpochReport): string {
  const shape = `mean cosine ${meanCosine.toFixed(3)}, alignment ${alignment.toFixed(3)}, uniformity ${uniformity.toFixed(2)}`;
  return `loss ${loss.toFixed(4)}, validation ${validationLoss.toFixed(4)}, AUC ${auc.toFixed(3)}, ${shape}`;
}
