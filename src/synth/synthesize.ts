import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { mapConcurrently } from "../concurrent.js";
import { UnreelError, UnreelRangeError, UnreelTypeError } from "../errors.js";
import { packageRoot } from "../native/load.js";
import { Random } from "../random.js";
import { checkInteger, checkPositive, checkRange, pathOf } from "../validate.js";
import {
  beginDataset,
  clearDataset,
  dropDataset,
  fakeFile,
  finishDataset,
  finishedDataset,
  prepareDatasetFolder,
  realFile,
} from "./dataset-folder.js";
import {
  type DescribedClip,
  generator,
  note,
  type SynthDescription,
  type SynthIdentity,
  type SynthParameters,
} from "./description.js";
import { type Footage, inspectFootage, type SkippedSource } from "./footage.js";
import { frameRateOf } from "./frame-rate.js";
import { type ClipSpan, planClips } from "./plan.js";
import { castClips, type SplitUnit } from "./split.js";
import { drawSwap } from "./swap.js";
import { type Cut, type TwinJob, writeTwins } from "./twins.js";

/** Options of {@link synthesize}. */
export interface SynthesizeOptions {
  /** Source clips, 4 or more; an odd number becomes the next even one. Default 24. */
  readonly clips?: number;
  /** The longest a clip may be. Clips of short footage are shorter. Default 2. */
  readonly seconds?: number;
  /** Frames are not divided into regions smaller than this, in pixels. Default 256 x 256. */
  readonly minSize?: { readonly width: number; readonly height: number };
  /** Same footage, options and seed: the same files, byte for byte. Default 1. */
  readonly seed?: number;
  /** Share of the source clips whose twins stand in the test list, above 0 and below 1. Default 1/3. */
  readonly testShare?: number;
  /** Called after each source clip whose twins are written. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
  /** Ends the work; then nothing stays in the folder. */
  readonly signal?: AbortSignal;
}

/** What {@link synthesize} made, or found. */
export interface SynthSummary {
  readonly synthetic: true;
  readonly root: string;
  /** Whether the folder held this very dataset already. */
  readonly reused: boolean;
  /** Source clips; each stands for one real and one fake video. */
  readonly clips: number;
  readonly train: number;
  readonly test: number;
  /** By what training and test are kept apart beyond the clips themselves: whole source videos, or regions of them. */
  readonly splitBy: SplitUnit;
  /** Videos that clips were cut from. */
  readonly sources: number;
  readonly skipped: readonly SkippedSource[];
}

interface Settings {
  readonly seed: number;
  readonly parameters: SynthParameters;
}

function settingsOf(options: SynthesizeOptions): Settings {
  const clips = checkInteger(options.clips ?? 24, 4, "options.clips");
  const minSize = options.minSize ?? { width: 256, height: 256 };
  const testShare = checkRange(options.testShare ?? 1 / 3, 0, 1, "options.testShare");
  if (testShare === 0 || testShare === 1) {
    throw new UnreelRangeError("options.testShare must lie between 0 and 1: both sides need clips");
  }
  return {
    seed: checkInteger(options.seed ?? 1, 0, "options.seed"),
    parameters: {
      clips: clips + (clips % 2),
      seconds: checkPositive(options.seconds ?? 2, "options.seconds"),
      minSize: {
        width: checkInteger(minSize.width, 32, "options.minSize.width"),
        height: checkInteger(minSize.height, 32, "options.minSize.height"),
      },
      testShare,
      encoder: { codec: "mpeg4", quality: 3, gop: 12 },
    },
  };
}

function checkSources(sources: readonly string[]): void {
  if (!Array.isArray(sources)) throw new UnreelTypeError("sources must be an array of paths");
  if (sources.length === 0) throw new UnreelTypeError("sources is empty; name at least one video");
  for (const source of sources) pathOf(source, "sources[]");
}

function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8")) as { version: string };
  return version;
}

function identityOf(footage: readonly Footage[], { seed, parameters }: Settings): SynthIdentity {
  const sources = footage.map(({ path: _path, ...source }) => source);
  return { version: packageVersion(), seed, parameters, sources };
}

/** A clip before its files are there. */
type PlannedClip = Omit<DescribedClip, "startUs" | "endUs" | "real" | "fake"> & {
  readonly fake: Pick<DescribedClip["fake"], "donor" | "swap">;
};

function planDataset(footage: readonly Footage[], settings: Settings): { clips: PlannedClip[]; splitBy: SplitUnit } {
  const spans = planClips(footage, settings.parameters);
  const random = new Random(settings.seed);
  const { splitBy, sides, donors } = castClips(spans, settings.parameters.testShare, random);
  const clips = spans.map(({ scene: _scene, ...span }: ClipSpan, at) => {
    const fake = { donor: `id${donors[at]}`, swap: drawSwap(random) };
    return { id: `id${at}`, ...span, split: sides[at] ?? "train", fake };
  });
  return { clips, splitBy };
}

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new UnreelError("ERR_UNREEL_INTERNAL", "a clip names footage that is not there");
  return value;
}

function twinJobs(
  footage: readonly Footage[],
  clips: readonly PlannedClip[],
  folder: string,
  { encoder }: SynthParameters,
): (TwinJob & { readonly clip: PlannedClip })[] {
  const cutOf = ({ source, region, firstFrame, frames }: PlannedClip): Cut => {
    return { path: found(footage[source]).path, region, firstFrame, frames };
  };
  return clips.map((clip) => ({
    clip,
    target: cutOf(clip),
    donor: cutOf(found(clips.find(({ id }) => id === clip.fake.donor))),
    swap: clip.fake.swap,
    realPath: join(folder, realFile(clip.id)),
    fakePath: join(folder, fakeFile(clip.id, clip.fake.donor)),
    encoder: { ...encoder, fps: frameRateOf(found(footage[clip.source]).fps) },
  }));
}

async function writeClip(job: TwinJob & { readonly clip: PlannedClip }, signal: AbortSignal): Promise<DescribedClip> {
  const { id, fake } = job.clip;
  const { realBytes, fakeBytes, ...times } = await writeTwins(job, signal);
  return {
    ...job.clip,
    ...times,
    real: { file: realFile(id), bytes: realBytes },
    fake: { file: fakeFile(id, fake.donor), bytes: fakeBytes, ...fake },
  };
}

async function writeClips(
  jobs: readonly (TwinJob & { readonly clip: PlannedClip })[],
  { onProgress, signal }: SynthesizeOptions,
): Promise<DescribedClip[]> {
  const written = new Map<string, DescribedClip>();
  const task = (job: (typeof jobs)[number], context: { readonly signal: AbortSignal }) =>
    writeClip(job, context.signal);
  for await (const clip of mapConcurrently(jobs, Math.min(4, availableParallelism()), task, signal)) {
    written.set(clip.id, clip);
    onProgress?.({ done: written.size, total: jobs.length });
  }
  return jobs.map(({ clip }) => found(written.get(clip.id)));
}

function summaryOf(
  root: string,
  { clips, splitBy }: SynthDescription,
  rest: Pick<SynthSummary, "reused" | "skipped">,
): SynthSummary {
  const test = clips.filter(({ split }) => split === "test").length;
  const sources = new Set(clips.map(({ source }) => source)).size;
  return { synthetic: true, root, clips: clips.length, train: clips.length - test, test, splitBy, sources, ...rest };
}

/**
 * Makes a labelled dataset of real footage in Celeb-DF v2's layout: cuts clips of which no two share a pixel and writes
 * each twice through the same encoder settings, as it is and with a moving region of another clip blended in (feathered
 * mask, colour shift, other scale). Clips give to each other in pairs that stay on one side of the split. It exercises
 * the flow and is no stand-in for real deepfakes; `synthetic.json` in the folder says so, with every parameter.
 *
 * A folder that holds the very same dataset is left as it is; an earlier one of other footage or options is replaced.
 * A failed or aborted run leaves nothing.
 *
 * @param sources - videos, or folders whose videos are taken
 * @param root - the dataset's folder: new, empty, or of an earlier run
 * @throws UnreelError `ERR_UNREEL_FOOTAGE_TOO_SMALL` (with `details.possible`), `ERR_UNREEL_OUTPUT_EXISTS`,
 * `ERR_UNREEL_OUTPUT_NOT_WRITABLE`, `ERR_UNREEL_WRITE_FAILED`, `ERR_UNREEL_ABORTED`; what {@link openVideo} throws where
 * not one source is a video
 *
 * @example
 * ```ts
 * import { synthesize } from "unreel";
 *
 * const summary = await synthesize(["street.mp4"], "dataset", { clips: 24, seconds: 2 });
 * console.log(summary.train, summary.test);
 * ```
 */
export function synthesize(
  sources: readonly string[],
  root: string,
  options: SynthesizeOptions = {},
): Promise<SynthSummary> {
  checkSources(sources);
  return make(sources, pathOf(root, "root"), settingsOf(options), options);
}

async function make(
  sources: readonly string[],
  folder: string,
  settings: Settings,
  options: SynthesizeOptions,
): Promise<SynthSummary> {
  await prepareDatasetFolder(folder);
  const { footage, skipped } = await inspectFootage(sources, options.signal);
  const { clips, splitBy } = planDataset(footage, settings);
  const identity = identityOf(footage, settings);
  const finished = await finishedDataset(folder, identity);
  if (finished !== undefined) return summaryOf(folder, finished, { reused: true, skipped });

  const description: SynthDescription = { synthetic: true, generator, note, ...identity, splitBy, clips: [] };
  try {
    await clearDataset(folder);
    await beginDataset(folder, description);
    const jobs = twinJobs(footage, clips, folder, settings.parameters);
    const complete = { ...description, clips: await writeClips(jobs, options) };
    await finishDataset(folder, complete);
    return summaryOf(folder, complete, { reused: false, skipped });
  } catch (error) {
    await dropDataset(folder);
    throw error;
  }
}
