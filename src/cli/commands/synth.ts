import type { Command } from "commander";
import { synthesize } from "../../synth/index.js";
import { collectInputs } from "../inputs.js";
import { interruptible } from "../interrupt.js";
import { positiveNumber, wholeNumber } from "../options.js";
import { say, writeJsonLine } from "../output.js";
import { Progress } from "../progress.js";

interface SynthCommandOptions {
  readonly out: string;
  readonly clips: number;
  readonly seconds: number;
  readonly seed: number;
  readonly testShare: number;
  readonly fromFile?: string;
  readonly nul?: boolean;
}

/** `unreel synth`: a labelled set of real clips and blended twins in Celeb-DF v2's layout. */
export function addSynthCommand(program: Command): void {
  program
    .command("synth")
    .description("cut clips from real footage and write each twice, as it is and blended, in Celeb-DF v2's layout")
    .argument("[videos...]", "real footage")
    .requiredOption("--out <dir>", "the dataset's folder")
    .option("--clips <n>", "source clips; no two share pixels", wholeNumber(4), 24)
    .option("--seconds <s>", "length of a clip", positiveNumber, 2)
    .option("--seed <n>", "same footage, options and seed: same dataset", wholeNumber(0), 1)
    .option("--test-share <share>", "share of source clips in the test list", positiveNumber, 1 / 3)
    .option("--from-file <file>", "read a list of videos, one a line; - is stdin")
    .option("-0, --nul", "the list is separated by NUL characters")
    .action((videos: string[], options: SynthCommandOptions) =>
      interruptible((signal) => synth(videos, options, signal)),
    );
}

async function synth(videos: readonly string[], options: SynthCommandOptions, signal: AbortSignal): Promise<void> {
  const sources = await collectInputs(videos, options);
  const { clips, seconds, seed, testShare } = options;
  const progress = new Progress("synth", clips, "clips");
  const summary = await synthesize(sources, options.out, {
    clips,
    seconds,
    seed,
    testShare,
    signal,
    onProgress: ({ done }) => progress.update(done),
  }).finally(() => progress.end());
  if (summary.reused) say(`${options.out} holds this very dataset already; nothing was made anew.`);
  say("The fakes are blended regions made here: a stand-in to exercise the flow, not deepfakes of any known method.");
  await writeJsonLine(summary);
}
