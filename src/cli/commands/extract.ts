import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import {
  type DatasetKind,
  type DatasetVideo,
  datasetKinds,
  loadDataset,
  loadManifest,
  videosFromPaths,
} from "../../datasets/index.js";
import { loadEncoder } from "../../encoder-loading.js";
import { isCodedError, UnreelTypeError } from "../../errors.js";
import { extractFeatures, planExtraction } from "../../features/extract.js";
import type { Shard } from "../../features/layout.js";
import { createOrOpenStore } from "../../features/store.js";
import { type PreprocessingVariant, preprocessingVariants } from "../../preprocessing.js";
import { encoderFiles } from "../encoders.js";
import { exitCode } from "../exit.js";
import { collectInputs, sourceOf, stdinName } from "../inputs.js";
import { interruptible } from "../interrupt.js";
import { addLimitOptions, type LimitOptions, limitsOf } from "../limits.js";
import { wholeNumber } from "../options.js";
import { failure, say, writeJsonLine } from "../output.js";
import { Progress } from "../progress.js";

interface ExtractCommandOptions extends LimitOptions {
  readonly encoder: string;
  readonly out: string;
  readonly dataset?: DatasetKind;
  readonly manifest?: string;
  readonly preprocessing?: PreprocessingVariant;
  readonly precision?: "fp32" | "int8";
  readonly count: number;
  readonly batch?: number;
  readonly threads?: number;
  readonly concurrency?: number;
  readonly dtype: "f16" | "f32";
  readonly shard?: Shard;
  readonly commitAfterMs?: number;
  readonly retryFailed?: boolean;
  readonly fromFile?: string;
  readonly nul?: boolean;
}

/** `unreel extract`: embeddings of videos into a feature store. */
export function addExtractCommand(program: Command): void {
  const command = program
    .command("extract")
    .description("embed videos into a feature store; run it again to go on where it stopped")
    .argument("[inputs...]", "video files, URLs, - for the bytes of one video on stdin, or one folder with --dataset")
    .requiredOption(
      "--encoder <file>",
      "an image encoder in ONNX: a file, or the name of a pulled model; several, separated by commas, side by side",
    )
    .requiredOption("--out <dir>", "the feature store")
    .addOption(
      new Option("--dataset <kind>", "the input is a dataset's folder").choices(datasetKinds).conflicts("manifest"),
    )
    .option("--manifest <file>", "CSV or JSON lines: path, label, split, group, source, identities, method, id")
    .addOption(
      new Option(
        "--preprocessing <variant>",
        "what frames go through (default: what the model says, else clip)",
      ).choices(preprocessingVariants),
    )
    .addOption(
      new Option(
        "--precision <precision>",
        "int8: an 8-bit model of the encoder, made once (default: what the file is)",
      ).choices(["fp32", "int8"]),
    )
    .option("--count <n>", "frames per video, spread evenly", wholeNumber(1), 16)
    .option("--batch <n>", "pictures an encode call takes at most", wholeNumber(1))
    .option("--threads <n>", "threads that decode and encode", wholeNumber(1))
    .option("--concurrency <n>", "videos in flight", wholeNumber(1))
    .addOption(new Option("--dtype <type>", "element type of the store").choices(["f16", "f32"]).default("f16"))
    .option("--shard <i/n>", "take the i-th of n shares of the videos (0 <= i < n)", parseShard)
    .option("--commit-after-ms <n>", "work that a kill may lose, in milliseconds (default 10000)", wholeNumber(0))
    .option("--retry-failed", "try every failed video again, also those that cannot be decoded")
    .option("--from-file <file>", "read a list of videos, one a line; - is stdin")
    .option("-0, --nul", "the list is separated by NUL characters")
    .action((inputs: string[], options: ExtractCommandOptions) =>
      interruptible((signal) => extract(inputs, options, signal)),
    );
  addLimitOptions(command);
}

function parseShard(text: string): Shard {
  const [, index, count] = /^(\d+)\/(\d+)$/.exec(text)?.map(Number) ?? [];
  if (index === undefined || count === undefined || index >= count) {
    throw new InvalidArgumentError("it must be i/n with 0 <= i < n, like 0/4.");
  }
  return { index, count };
}

async function extract(inputs: readonly string[], options: ExtractCommandOptions, signal: AbortSignal): Promise<void> {
  const videos = await videosOf(inputs, options);
  await using encoder = await loadEncoder(encoderFiles(options.encoder), {
    ...(options.threads !== undefined && { threads: options.threads }),
    ...(options.batch !== undefined && { batch: options.batch }),
    ...(options.precision !== undefined && { precision: options.precision }),
    ...(options.preprocessing !== undefined && { preprocessing: { variant: options.preprocessing } }),
    signal,
  });
  const store = await createOrOpenStore(options.out, {
    dimension: encoder.info.dimension,
    dtype: options.dtype === "f16" ? "<f2" : "<f4",
    fingerprint: encoder.fingerprint(options.count),
    encoderPaths: encoder.info.parts.map(({ path }) => path),
  });
  const choice = {
    ...(options.shard !== undefined && { shard: options.shard }),
    ...(options.retryFailed !== undefined && { retryFailed: options.retryFailed }),
  };
  const { wanted, skipped, failedBefore } = await planExtraction(videos, store, choice);
  if (videos.some(({ path }) => path === stdinName) && !wanted.some(({ path }) => path === stdinName)) {
    // Another video may come from stdin each time; it must not pass for one that is done.
    throw new UnreelTypeError(
      `${options.out} holds a video from stdin (-) already; save this one as a file, or extract it into another store`,
    );
  }
  const progress = new Progress("extract", wanted.length, "videos");
  const failures: object[] = [];
  const soFar = { skipped, failedBefore, videos: 0, failed: 0, rows: 0 };
  const summary = await extractFeatures(videos, encoder, store, {
    ...choice,
    count: options.count,
    ...(options.concurrency !== undefined && { concurrency: options.concurrency }),
    ...(options.commitAfterMs !== undefined && { commitAfterMs: options.commitAfterMs }),
    limits: limitsOf(options),
    sourceOf,
    signal,
    onVideo: ({ video, rows, error }) => {
      if (error === undefined) soFar.videos++;
      else soFar.failed++;
      soFar.rows += rows;
      progress.update(soFar.videos + soFar.failed, video.id);
      if (error !== undefined) say(`\n${video.path}: ${error.code}: ${error.message}`);
      else if (rows < options.count)
        say(`\n${video.path} has ${rows} frames, fewer than --count ${options.count}: every frame is taken once`);
      if (error !== undefined) failures.push(failure(video.path, error));
    },
  })
    .catch(async (error: unknown) => {
      if (isCodedError(error) && error.code === "ERR_UNREEL_ABORTED") {
        for (const each of failures) await writeJsonLine(each);
        await writeJsonLine({ ok: false, interrupted: true, store: resolve(options.out), ...soFar });
      }
      throw error;
    })
    .finally(() => progress.end());
  for (const each of failures) await writeJsonLine(each);
  const ok = summary.failed + summary.failedBefore === 0;
  await writeJsonLine({ ok, store: resolve(options.out), ...summary });
  if (summary.failedBefore > 0) {
    say(`${summary.failedBefore} videos failed in an earlier run and were not tried again; --retry-failed tries them`);
  }
  if (!ok) process.exitCode = exitCode.failed;
}

async function videosOf(inputs: readonly string[], options: ExtractCommandOptions): Promise<readonly DatasetVideo[]> {
  if (options.manifest !== undefined) {
    if (inputs.length > 0) throw new UnreelTypeError("--manifest names the videos; give no inputs beside it");
    return (await loadManifest(options.manifest)).videos;
  }
  if (options.dataset !== undefined) {
    const [root, ...more] = inputs;
    if (root === undefined || more.length > 0) throw new UnreelTypeError("--dataset takes one folder");
    return (await loadDataset(options.dataset, root)).videos;
  }
  const paths = await collectInputs(inputs, options);
  for (const path of paths) {
    if ((await stat(path).catch(() => undefined))?.isDirectory()) {
      throw new UnreelTypeError(
        `${path} is a folder: say what it is with --dataset ${datasetKinds.join(" | ")}, or name its files`,
      );
    }
  }
  return videosFromPaths(paths);
}
