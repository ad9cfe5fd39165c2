import { stat } from "node:fs/promises";
import { type ClipOptions, createClip } from "../clip-writer.js";
import { UnreelError } from "../errors.js";
import { type Frame, openVideo } from "../video.js";
import { blend, crop, type Picture } from "./blend.js";
import { minClipFrames, type Region } from "./plan.js";
import { ellipseAt, type Swap } from "./swap.js";

/** Where the pixels of a clip are. */
export interface Cut {
  readonly path: string;
  readonly region: Region;
  readonly firstFrame: number;
  readonly frames: number;
}

/** One source clip and what becomes of it. */
export interface TwinJob {
  readonly target: Cut;
  readonly donor: Cut;
  readonly swap: Swap;
  readonly realPath: string;
  readonly fakePath: string;
  /** The same for both files, so that the label cannot be read from them. */
  readonly encoder: Required<Pick<ClipOptions, "codec" | "fps" | "quality" | "gop">>;
}

/** What was written. */
export interface Twins {
  /** Presentation times of the first and the last frame in the source. */
  readonly startUs: number;
  readonly endUs: number;
  readonly frames: number;
  readonly realBytes: number;
  readonly fakeBytes: number;
}

function framesOf(cut: Cut): number[] {
  return Array.from({ length: cut.frames }, (_, at) => cut.firstFrame + at);
}

/** Which of the donor's frames goes with the target's frame `at`: one by one; a shorter donor is slowed down. */
export function donorFrameOf(at: number, targetFrames: number, donorFrames: number): number {
  return donorFrames >= targetFrames ? at : Math.floor(((at + 0.5) * donorFrames) / targetFrames);
}

/** The donor's frames beside the target's: only ever forwards, one frame held. */
class DonorFrames {
  readonly #frames: AsyncGenerator<Frame, void>;
  readonly #region: Region;
  #frame: Frame | undefined;
  #picture: Picture | undefined;

  constructor(frames: AsyncGenerator<Frame, void>, region: Region) {
    this.#frames = frames;
    this.#region = region;
  }

  /** The frame of that index, or the nearest later one that could be decoded, or the last. */
  async at(index: number): Promise<Picture> {
    while (this.#frame === undefined || this.#frame.frame < index) {
      const step = await this.#frames.next();
      if (step.done) break;
      this.#frame = step.value;
      this.#picture = undefined;
    }
    if (this.#frame === undefined) throw new UnreelError("ERR_UNREEL_NO_FRAMES", "The donor gave no frame");
    this.#picture ??= crop(this.#frame, this.#region);
    return this.#picture;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#frames.return();
  }
}

/**
 * Cuts one clip and writes it twice: as it is, and with the donor blended in. Both files get the same frames through
 * the same steps but for the blend. One frame of either video is held at a time; the files have their names when both
 * are whole.
 *
 * @throws UnreelError what opening, sampling and writing throw; `ERR_UNREEL_CORRUPT` where fewer frames than a clip
 * needs can be decoded
 */
export async function writeTwins(job: TwinJob, signal?: AbortSignal): Promise<Twins> {
  const { target, donor, swap } = job;
  const { width, height } = target.region;
  const abort = signal === undefined ? {} : { signal };
  await using targetVideo = await openVideo(target.path, abort);
  await using donorVideo = await openVideo(donor.path, abort);
  const donorSample = donorVideo.sample({ frames: framesOf(donor), ...abort });
  await using donors = new DonorFrames(donorSample, donor.region);
  await using real = await createClip(job.realPath, { ...job.encoder, width, height });
  await using fake = await createClip(job.fakePath, { ...job.encoder, width, height });
  const times: number[] = [];
  for await (const frame of targetVideo.sample({ frames: framesOf(target), ...abort })) {
    const at = frame.frame - target.firstFrame;
    const picture = crop(frame, target.region);
    const swapped = await donors.at(donor.firstFrame + donorFrameOf(at, target.frames, donor.frames));
    const ellipse = ellipseAt(swap, target.frames > 1 ? at / (target.frames - 1) : 0, width, height);
    await Promise.all([real.write(picture.data), fake.write(blend(picture, swapped, ellipse, swap).data)]);
    times.push(frame.ptsUs);
  }
  if (times.length < minClipFrames) {
    throw new UnreelError(
      "ERR_UNREEL_CORRUPT",
      `${target.path}: of frames ${target.firstFrame} to ${target.firstFrame + target.frames - 1} only ${times.length} ` +
        `can be decoded, and a clip needs ${minClipFrames}; leave the video out`,
      { path: target.path, frames: times.length },
    );
  }
  await Promise.all([real.finish(), fake.finish()]);
  const sizes = await Promise.all([stat(job.realPath), stat(job.fakePath)]);
  return {
    startUs: times[0] ?? 0,
    endUs: times.at(-1) ?? 0,
    frames: times.length,
    realBytes: sizes[0].size,
    fakeBytes: sizes[1].size,
  };
}
