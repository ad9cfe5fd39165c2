import { type Command, Option } from "commander";
import { isInputError } from "../../encoder.js";
import { UnreelTypeError } from "../../errors.js";
import { NpyFileWriter } from "../../npy-file.js";
import { openVideo, type SampleOptions } from "../../video.js";
import { exitCode } from "../exit.js";
import { collectInputs, sourceOf } from "../inputs.js";
import { interruptible } from "../interrupt.js";
import { addLimitOptions, type LimitOptions, limitsOf } from "../limits.js";
import { positiveNumber, wholeNumber, wholeNumberList } from "../options.js";
import { failure, say, writeJsonLine } from "../output.js";

interface SampleCommandOptions extends LimitOptions {
  readonly count?: number;
  readonly fps?: number;
  readonly frames?: readonly number[];
  readonly keyframes?: boolean;
  readonly startUs?: number;
  readonly endUs?: number;
  readonly threads?: number;
  readonly size: "full" | "clip";
  readonly out?: string;
  readonly fromFile?: string;
  readonly nul?: boolean;
}

/** `unreel sample`: exact frames of videos. */
export function addSampleCommand(program: Command): void {
  const command = program
    .command("sample")
    .description("take exact frames: one line of JSON a frame, pixels as an .npy file")
    .argument("[videos...]", "video files, URLs, or - for the bytes of one video on stdin")
    .addOption(
      new Option("--count <n>", "frames spread evenly")
        .argParser(wholeNumber(1))
        .conflicts(["fps", "frames", "keyframes"]),
    )
    .addOption(
      new Option("--fps <f>", "frames per second").argParser(positiveNumber).conflicts(["frames", "keyframes"]),
    )
    .addOption(
      new Option("--frames <list>", "frame numbers from 0, like 0,5,9")
        .argParser(wholeNumberList)
        .conflicts("keyframes"),
    )
    .option("--keyframes", "the container's key frames: quick, unevenly spread")
    .option("--start-us <t>", "only frames shown at or after this time, in microseconds", wholeNumber(0))
    .option("--end-us <t>", "only frames shown before this time, in microseconds", wholeNumber(0))
    .option("--threads <n>", "threads that decode; default: the cores", wholeNumber(1))
    .addOption(
      new Option("--size <size>", "whole frames, or CLIP's 224 x 224 crop").choices(["full", "clip"]).default("full"),
    )
    .option("--out <file>", "write the pixels of one video as uint8 [N, H, W, 3]")
    .option("--from-file <file>", "read a list of videos, one a line; - is stdin")
    .option("-0, --nul", "the list is separated by NUL characters")
    .action((videos: string[], options: SampleCommandOptions) =>
      interruptible((signal) => sample(videos, options, signal)),
    );
  addLimitOptions(command);
}

async function sample(videos: readonly string[], options: SampleCommandOptions, signal: AbortSignal): Promise<void> {
  const inputs = await collectInputs(videos, options);
  if (options.out !== undefined && inputs.length > 1) {
    throw new UnreelTypeError("--out takes the frames of one video; run the command once a video");
  }
  for (const input of inputs) {
    try {
      await sampleOne(input, inputs.length > 1 ? { input } : {}, options, signal);
    } catch (error) {
      if (!isInputError(error)) throw error;
      await writeJsonLine(failure(input, error));
      say(`${input}: ${error.code}: ${error.message}`);
      process.exitCode = exitCode.failed;
    }
  }
}

/** `named` begins each line: of several inputs it says which one. */
async function sampleOne(
  input: string,
  named: { readonly input?: string },
  options: SampleCommandOptions,
  signal: AbortSignal,
): Promise<void> {
  const { count, fps, frames, keyframes, startUs, endUs, threads, size } = options;
  await using video = await openVideo(sourceOf(input), { limits: limitsOf(options), signal });
  if (count !== undefined && count > video.info.frameCount) {
    say(`${input} has ${video.info.frameCount} frames, fewer than --count ${count}: every frame is taken once`);
  }
  const wanted: SampleOptions = {
    ...(count !== undefined && { count }),
    ...(fps !== undefined && { fps }),
    ...(frames !== undefined && { frames }),
    ...(keyframes === true && { keyframes }),
    ...(startUs !== undefined && { startUs }),
    ...(endUs !== undefined && { endUs }),
    ...(threads !== undefined && { threads }),
    size,
    signal,
  };
  await using pixels = options.out === undefined ? undefined : await NpyFileWriter.create(options.out);
  let index = 0;
  for await (const { data, width, height, ptsUs, frame, keyFrame } of video.sample(wanted)) {
    await pixels?.append(data, [height, width, 3]);
    await writeJsonLine({ ...named, index, frame, ptsUs, width, height, keyFrame });
    index++;
  }
  await pixels?.finish();
  const { framesDamaged, framesMissing } = video.stats;
  if (framesDamaged + framesMissing > 0) {
    say(`${input}: ${framesDamaged} frames came out damaged and ${framesMissing} wanted frames are missing`);
  }
}
