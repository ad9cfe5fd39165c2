import { UnreelError, UnreelRangeError, UnreelTypeError } from "./errors.js";
import type {
  NativeChoice,
  NativeFrameForm,
  NativeFrameStream,
  NativeLimits,
  NativePolicy,
  NativeVideo,
} from "./native/binding.js";
import { callNative, nativeBinding, withSignal } from "./native/load.js";
import { type HttpOptions, type HttpSettings, resolveHttp } from "./sources/http-options.js";
import { type OpenedSource, openSource } from "./sources/open-source.js";
import { type Input, inputOf, type VideoSource } from "./sources/video-source.js";
import { checkInteger, checkOneOf, checkPositive, checkRange } from "./validate.js";

/** Bounds on what an input may cost; exceeding one is `ERR_UNREEL_LIMIT_EXCEEDED` with `details.limit` naming it. */
export interface Limits {
  /** Width x height of one frame. Default 67,108,864. */
  readonly maxPixels?: number;
  /** Frames of one video. Default 10,000,000. */
  readonly maxFrames?: number;
  /** Length of one video in microseconds. Default 86,400,000,000: a day. */
  readonly maxDurationUs?: number;
  /** Bytes of one file, or of what a stream or a server brings. Default 2^40. */
  readonly maxBytes?: number;
  /** Bytes of one stream or URL that are kept, in memory and in the temporary folder. Default 2^33. */
  readonly maxSpoolBytes?: number;
  /** Streams in one file: video, sound, subtitles. Default 64. */
  readonly maxStreams?: number;
  /** Packets that the file's tables list, over all its streams, or that are found by reading it. Default 20,000,000. */
  readonly maxIndexEntries?: number;
  /** Bytes that the decoded frames and the index of one video take at any moment. Default 2^31. */
  readonly maxMemoryBytes?: number;
  /** Milliseconds until the video is open and its frames are counted. Default 600,000. */
  readonly openTimeoutMs?: number;
  /** Milliseconds that decoding one packet may take. Default 10,000. */
  readonly frameTimeoutMs?: number;
  /** Milliseconds that a stream or a server may keep the next bytes waiting; connecting counts. Default 30,000. */
  readonly idleTimeoutMs?: number;
}

/** Which frames are wanted; exactly one of the first five fields, else all frames. */
export interface SampleOptions {
  /** N frames spread evenly: index floor((k + 0.5) F / N). More than the video has: every frame once. */
  readonly count?: number;
  /** The frame shown at each multiple of 1/fps seconds from the first frame on. */
  readonly fps?: number;
  /** These frames, by index in presentation order from 0. */
  readonly frames?: readonly number[];
  /** The frames the container marks as key frames: quick, and only approximately spread over the video. */
  readonly keyframes?: boolean;
  /** Every frame. */
  readonly all?: boolean;
  /**
   * Only frames with `ptsUs` >= this. `count` and `fps` are then of the frames in the range, and `frames` outside of it
   * are left out. A range without frames gives none.
   */
  readonly startUs?: number;
  /** Only frames with `ptsUs` < this. */
  readonly endUs?: number;
  /** `full` (default): whole frames, upright. `clip`: CLIP's 224 x 224 crop. */
  readonly size?: "full" | "clip";
  /**
   * What becomes of transparency: `black` (default) lays the picture on black; `drop` leaves the transparency out, as
   * Pillow's `convert("RGB")` and FFmpeg's rgb24 do.
   */
  readonly alpha?: "black" | "drop";
  /**
   * Threads that decode, 1 to 64. The frames do not depend on it. Default: the cores this process may use, shared with
   * the samplings that run already.
   */
  readonly threads?: number;
  readonly signal?: AbortSignal;
}

/** One decoded frame. */
export interface Frame {
  /** uint8 RGB, height x width x 3, C order; yours to keep. */
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** Presentation time in microseconds, as the file says it. */
  readonly ptsUs: number;
  /** Index in presentation order, from 0. */
  readonly frame: number;
  readonly keyFrame: boolean;
}

/** What a file says of its best video stream. */
export interface VideoInfo {
  /** As shown: after rotation. */
  readonly width: number;
  readonly height: number;
  /** Degrees clockwise that the display matrix asks for; frames come upright. */
  readonly rotation: number;
  /** Undefined where the container does not say and no frame has a time. */
  readonly durationUs: number | undefined;
  /** Presentation time of the first frame. */
  readonly startUs: number;
  /** Counted, never a header's claim. */
  readonly frameCount: number;
  readonly codec: string;
  readonly pixelFormat: string;
  readonly colorSpace: string;
  readonly colorRange: string;
  readonly container: string;
  readonly sampleAspectRatio: number;
}

/** What the decoder went through so far. */
export interface VideoStats {
  /** Packets in the stream. */
  readonly packets: number;
  /** Packets read, by counting the frames and by every sampling. */
  readonly packetsRead: number;
  /** Packets that a decoder saw; what no wanted frame depends on is left out. */
  readonly packetsDecoded: number;
  /** Frames that came out damaged; they are never handed out. */
  readonly framesDamaged: number;
  /** Wanted frames that could not be decoded. */
  readonly framesMissing: number;
  /** Stretches that contradicted what the file says of itself and were decoded in full, by reason. */
  readonly fallbacks: {
    /** Other packets came than when the frames were counted. */
    readonly packetsChanged: number;
    /** A wanted frame did not come. */
    readonly frameMissing: number;
    /** A wanted frame came out damaged. */
    readonly frameDamaged: number;
  };
}

/** Options of {@link openVideo}. */
export interface OpenVideoOptions {
  readonly limits?: Limits;
  /** For sources that are `http:` or `https:` URLs. */
  readonly http?: HttpOptions;
  readonly signal?: AbortSignal;
}

/** An open video. Close it, or declare it with `await using`. */
export class Video implements AsyncDisposable {
  readonly info: VideoInfo;
  readonly #native: NativeVideo;
  readonly #source: OpenedSource;
  readonly #sampling = new Set<NativeFrameStream>();

  /** @internal use {@link openVideo} */
  constructor(native: NativeVideo, source: OpenedSource) {
    this.#native = native;
    this.#source = source;
    const { durationUs, stream: _stream, ...info } = native.info();
    this.info = { ...info, durationUs: durationUs ?? undefined };
  }

  /** Counters over all samplings of this video. */
  get stats(): VideoStats {
    return this.#native.stats();
  }

  /**
   * The wanted frames in presentation order. The decoder runs on its own thread, at most one frame ahead of the reader.
   * A damaged frame is left out and counted in {@link Video.stats}; when not one frame can be had:
   * `ERR_UNREEL_NO_FRAMES`. Leaving the loop early stops the decoder.
   */
  sample(options: SampleOptions = {}): AsyncGenerator<Frame, void, undefined> {
    const policy = samplePolicy(options);
    const size = checkOneOf(options.size ?? "full", ["full", "clip"], "options.size");
    const alpha = checkOneOf(options.alpha ?? "black", ["black", "drop"], "options.alpha");
    // 0: as many as the engine finds free.
    const threads =
      options.threads === undefined
        ? 0
        : checkRange(checkInteger(options.threads, 1, "options.threads"), 1, 64, "options.threads");
    return this.#frames(policy, threads, { cropSize: size === "clip" ? 224 : 0, alpha }, options.signal);
  }

  async *#frames(
    policy: NativePolicy,
    threads: number,
    form: NativeFrameForm,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Frame, void> {
    using abort = withSignal(signal);
    const stream: NativeFrameStream = callNative(() => this.#native.sample(policy, threads, form, abort.token));
    this.#sampling.add(stream);
    try {
      for (;;) {
        const frame = await abort.run(() => stream.next());
        if (!this.#sampling.has(stream)) {
          throw new UnreelError("ERR_UNREEL_ABORTED", "The video was closed while it was sampled.");
        }
        if (frame === null) return;
        yield frame;
      }
    } catch (error) {
      throw this.#source.explain(error);
    } finally {
      this.#sampling.delete(stream);
      stream.close();
    }
  }

  /** Ends running samplings with `ERR_UNREEL_ABORTED` and closes the file, the stream or the connection. Idempotent. */
  close(): void {
    // First, since the file stays open as long as one of them runs.
    for (const stream of this.#sampling) stream.close();
    this.#sampling.clear();
    this.#native.close();
    this.#source.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}

/**
 * Opens a video and counts its frames. A stream is read as far as it is needed; what came of it, or of a URL, is kept
 * until the video is closed, so that it can be sampled again.
 *
 * @throws UnreelError `ERR_UNREEL_NOT_FOUND`, `…_IS_A_DIRECTORY`, `…_EMPTY_FILE`, `…_NOT_MEDIA`, `…_NO_VIDEO`,
 * `…_CODEC_UNSUPPORTED`, `…_TRUNCATED`, `…_LIMIT_EXCEEDED`, `…_ABORTED`; of URLs `…_NETWORK`, `…_HTTP_STATUS`,
 * `…_REDIRECT_REFUSED`, `…_SOURCE_CHANGED`; of streams `…_SOURCE_FAILED`, `…_SOURCE_INVALID`, `…_SOURCE_CONSUMED`
 *
 * @example
 * ```ts
 * import { openVideo } from "unreel";
 *
 * const video = await openVideo("clip.mp4");
 * console.log(video.info.frameCount, video.info.codec);
 * for await (const frame of video.sample({ count: 4 })) console.log(frame.frame, frame.ptsUs, frame.data.length);
 * video.close();
 * ```
 */
export function openVideo(source: VideoSource, options: OpenVideoOptions = {}): Promise<Video> {
  return open(inputOf(source, "source"), resolveLimits(options.limits), resolveHttp(options.http), options.signal);
}

async function open(
  input: Input,
  limits: NativeLimits,
  http: HttpSettings,
  signal: AbortSignal | undefined,
): Promise<Video> {
  const source = openSource(input, limits, http);
  try {
    using abort = withSignal(signal);
    return new Video(await abort.run(() => nativeBinding().openVideo(source.native, limits, abort.token)), source);
  } catch (error) {
    source.close();
    throw source.explain(error);
  }
}

/** Defaults filled in, every field checked. */
export function resolveLimits(limits: Limits = {}): Required<Limits> {
  return {
    maxPixels: checkPositive(limits.maxPixels ?? 2 ** 26, "limits.maxPixels"),
    maxFrames: checkPositive(limits.maxFrames ?? 10_000_000, "limits.maxFrames"),
    maxDurationUs: checkPositive(limits.maxDurationUs ?? 86_400_000_000, "limits.maxDurationUs"),
    maxBytes: checkPositive(limits.maxBytes ?? 2 ** 40, "limits.maxBytes"),
    maxSpoolBytes: checkPositive(limits.maxSpoolBytes ?? 2 ** 33, "limits.maxSpoolBytes"),
    maxStreams: checkPositive(limits.maxStreams ?? 64, "limits.maxStreams"),
    maxIndexEntries: checkPositive(limits.maxIndexEntries ?? 20_000_000, "limits.maxIndexEntries"),
    maxMemoryBytes: checkPositive(limits.maxMemoryBytes ?? 2 ** 31, "limits.maxMemoryBytes"),
    openTimeoutMs: checkPositive(limits.openTimeoutMs ?? 600_000, "limits.openTimeoutMs"),
    frameTimeoutMs: checkPositive(limits.frameTimeoutMs ?? 10_000, "limits.frameTimeoutMs"),
    idleTimeoutMs: checkPositive(limits.idleTimeoutMs ?? 30_000, "limits.idleTimeoutMs"),
  };
}

/** The one policy that the options name. */
export function samplePolicy(options: Omit<SampleOptions, "size" | "alpha" | "threads" | "signal">): NativePolicy {
  const { startUs, endUs } = options;
  const times = { ...(startUs !== undefined && { startUs }), ...(endUs !== undefined && { endUs }) };
  for (const [name, value] of Object.entries(times)) checkInteger(value, Number.MIN_SAFE_INTEGER, `options.${name}`);
  if (startUs !== undefined && endUs !== undefined && endUs <= startUs)
    throw new UnreelRangeError(`options.endUs must be above options.startUs, ${startUs}, not ${endUs}`);
  return { ...sampleChoice(options), ...times };
}

function sampleChoice(options: Pick<SampleOptions, "count" | "fps" | "frames" | "keyframes" | "all">): NativeChoice {
  const named = (["count", "fps", "frames", "keyframes", "all"] as const).filter(
    (key) => options[key] !== undefined && options[key] !== false,
  );
  if (named.length > 1) throw new UnreelTypeError(`options: give one of ${named.join(", ")}, not several`);
  if (options.count !== undefined) return { kind: "count", count: checkInteger(options.count, 1, "options.count") };
  if (options.fps !== undefined) return { kind: "fps", fps: checkPositive(options.fps, "options.fps") };
  if (options.frames !== undefined) {
    return { kind: "frames", frames: options.frames.map((frame) => checkInteger(frame, 0, "options.frames[]")) };
  }
  return options.keyframes ? { kind: "keyframes" } : { kind: "all" };
}
