import { stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { mapConcurrently } from "./concurrent.js";
import { type CodedError, isCodedError, UnreelError } from "./errors.js";
import type { Fingerprint } from "./fingerprint.js";
import { modelHash } from "./models/model-hash.js";
import type { NativeBinding, NativeEmbedding, NativeEncoder, NativeLimits, NativePolicy } from "./native/binding.js";
import { callNative, nativeBinding, onnxRuntime, withSignal } from "./native/load.js";
import { type HttpOptions, resolveHttp } from "./sources/http-options.js";
import { type OpenedSource, openSource } from "./sources/open-source.js";
import { inputOf, type VideoSource } from "./sources/video-source.js";
import { checkInteger, checkOneOf, checkTyped, pathOf } from "./validate.js";
import { type Limits, resolveLimits, type VideoInfo, type VideoStats } from "./video.js";

/** Options of {@link loadEncoder}. */
export interface LoadEncoderOptions {
  /** `cpu`, or `auto` (default): the best device there is; {@link Encoder.device} says which. */
  readonly device?: "auto" | "cpu";
  /** Threads that decode and encode, together. Default: the cores this process may use. */
  readonly threads?: number;
  /** Pictures that one encode call takes at most. Default 8. Embeddings do not depend on it. */
  readonly batch?: number;
  readonly signal?: AbortSignal;
}

/** What an encoder's file says of itself. */
export interface EncoderInfo {
  readonly path: string;
  /**
   * Of the model file, hexadecimal. Where weights lie in files beside it: SHA-256 of one line `HASH  NAME` for each file,
   * the model first under the name `model`, so that any changed byte changes it and a new name of the model does not.
   */
  readonly sha256: string;
  readonly precision: string;
  /** Length of an embedding. */
  readonly dimension: number;
  /** Side of the square that the model sees. */
  readonly imageSize: number;
  /** What a frame goes through: `clip`, OpenAI's (Pillow's bicubic, torchvision's centre crop). */
  readonly preprocessing: string;
  /** Of R, G, B on the scale 0 to 1: taken off before the model sees them. */
  readonly mean: readonly number[];
  /** Of R, G, B: divided by. */
  readonly std: readonly number[];
  readonly input: string;
  readonly output: string;
}

/** Options of {@link Encoder.embed}. */
export interface EmbedOptions {
  /** Frames per video, spread evenly. Default 16. */
  readonly count?: number;
  /** Pictures that one encode call takes at most; kept for later calls. */
  readonly batch?: number;
  /** Videos in flight. Default: threads + 2. */
  readonly concurrency?: number;
  readonly limits?: Limits;
  /** For sources that are `http:` or `https:` URLs. */
  readonly http?: HttpOptions;
  readonly signal?: AbortSignal;
}

/** Microseconds of thread time that a video took in each stage. */
export interface StageTimings {
  readonly decodeUs: number;
  readonly preprocessUs: number;
  readonly encodeUs: number;
}

/** The embeddings of one video. */
export interface VideoEmbeddings {
  readonly frames: readonly { readonly frame: number; readonly ptsUs: number }[];
  /** frames.length x dimension, C order; as the model gives them, not normalised. */
  readonly embeddings: Float32Array;
  readonly info: VideoInfo;
  readonly stats: VideoStats;
  readonly timings: StageTimings;
}

/** One result of {@link Encoder.embed}: of a good video, or the reason why there is none. */
export type EmbedResult<S extends VideoSource = VideoSource> =
  | ({ readonly ok: true; readonly source: S } & VideoEmbeddings)
  | { readonly ok: false; readonly source: S; readonly error: CodedError };

/** A CLIP image encoder with its pipeline. Close it, or declare it with `await using`. */
export class Encoder implements AsyncDisposable {
  readonly info: EncoderInfo;
  /** Where it runs: `cpu`. */
  readonly device: string;
  readonly threads: number;
  readonly #native: NativeEncoder;

  /** @internal use {@link loadEncoder} */
  constructor(native: NativeEncoder, path: string, sha256: string, threads: number) {
    const { device, precision, dimension, preprocessing, imageSize, mean, std, input, output } = native.contract();
    this.#native = native;
    this.info = { path, sha256, precision, dimension, preprocessing, imageSize, mean, std, input, output };
    this.device = device;
    this.threads = threads;
  }

  /**
   * Embeddings of many videos, as they finish. A bad video yields `{ok: false, error}` and the rest goes on.
   *
   * @example
   * ```ts
   * import { loadEncoder } from "unreel";
   *
   * const encoder = await loadEncoder("encoder.onnx");
   * for await (const result of encoder.embed(["clip.mp4", "missing.mp4"], { count: 4 })) {
   *   if (result.ok) console.log(result.frames.length, result.embeddings.length);
   *   else console.log(result.error.code);
   * }
   * encoder.close();
   * ```
   */
  embed<S extends VideoSource>(
    sources: Iterable<S> | AsyncIterable<S>,
    options: EmbedOptions = {},
  ): AsyncGenerator<EmbedResult<S>, void, undefined> {
    const count = checkInteger(options.count ?? 16, 1, "options.count");
    const concurrency = checkInteger(options.concurrency ?? this.threads + 2, 1, "options.concurrency");
    if (options.batch !== undefined) this.setBatch(options.batch);
    const { limits, http, signal } = options;
    const each = { count, ...(limits && { limits }), ...(http && { http }) };
    return mapConcurrently(
      sources,
      concurrency,
      async (source, context): Promise<EmbedResult<S>> => {
        try {
          const video = await this.embedVideo(source, { ...each, signal: context.signal });
          return { ok: true, source, ...video };
        } catch (error) {
          if (!isInputError(error)) throw error;
          return { ok: false, source, error };
        }
      },
      signal,
    );
  }

  /** The embeddings of one video; a bad video rejects. */
  embedVideo(source: VideoSource, options: Omit<EmbedOptions, "concurrency" | "batch"> = {}): Promise<VideoEmbeddings> {
    const input = inputOf(source, "source");
    const policy: NativePolicy = { kind: "count", count: checkInteger(options.count ?? 16, 1, "options.count") };
    const limits = resolveLimits(options.limits);
    const http = resolveHttp(options.http);
    return this.#embed(() => openSource(input, limits, http), policy, limits, options.signal);
  }

  async #embed(
    open: () => OpenedSource,
    policy: NativePolicy,
    limits: NativeLimits,
    signal: AbortSignal | undefined,
  ): Promise<VideoEmbeddings> {
    const source = open();
    try {
      using abort = withSignal(signal);
      return videoEmbeddings(
        await abort.run(() => this.#native.embedVideo(source.native, policy, limits, abort.token)),
      );
    } catch (error) {
      throw source.explain(error);
    } finally {
      source.close();
    }
  }

  /**
   * Embeddings of pictures that are crops already.
   *
   * @param crops uint8 RGB, n x imageSize x imageSize x 3, C order
   * @returns n x dimension
   */
  encode(crops: Uint8Array, options: { readonly signal?: AbortSignal } = {}): Promise<Float32Array> {
    const bytes = this.info.imageSize ** 2 * 3;
    const count = checkInteger(crops?.length / bytes, 1, "crops.length / (imageSize x imageSize x 3)");
    checkTyped(crops, Uint8Array, count * bytes, "crops");
    return this.#encodeAll(crops, count, options.signal);
  }

  /** One call a thread, each with its share of the crops. */
  async #encodeAll(crops: Uint8Array, count: number, signal: AbortSignal | undefined): Promise<Float32Array> {
    const bytes = crops.length / count;
    const share = Math.ceil(count / this.threads);
    using abort = withSignal(signal);
    const encodeShare = (_: unknown, i: number) => {
      const part = crops.subarray(i * share * bytes, (i + 1) * share * bytes);
      return this.#native.encode(part, part.length / bytes, abort.token);
    };
    const parts = await abort.run(() => Promise.all(Array.from({ length: Math.ceil(count / share) }, encodeShare)));
    const embeddings = new Float32Array(count * this.info.dimension);
    parts.forEach((part, i) => {
      embeddings.set(part, i * share * this.info.dimension);
    });
    return embeddings;
  }

  /** Pictures that one encode call takes at most, for videos from now on. */
  setBatch(batch: number): void {
    this.#native.setBatch(checkInteger(batch, 1, "batch"));
  }

  /** Everything that shapes the features of a video when `count` frames of it are embedded. */
  fingerprint(count: number): Fingerprint {
    return {
      encoderSha256: this.info.sha256,
      precision: this.info.precision,
      dimension: this.info.dimension,
      imageSize: this.info.imageSize,
      preprocessing: this.info.preprocessing,
      mean: this.info.mean,
      std: this.info.std,
      crop: "frame",
      color: "unreel-integer-1",
      sampling: "count",
      count,
    };
  }

  /** Ends what runs and frees the model. Idempotent. */
  close(): void {
    this.#native.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}

/**
 * Loads a CLIP image encoder from an ONNX file: `pixel_values` [batch, 3, size, size] in, `image_embeds`
 * [batch, dimension] out, as people publish it (`onnx/vision_model*.onnx`).
 *
 * @throws UnreelError `ERR_UNREEL_MODEL_NOT_FOUND`, `…_MODEL_INVALID` (not ONNX), `…_MODEL_CONTRACT` (not an image
 * encoder), `…_ONNXRUNTIME_NOT_FOUND`, `…_DEVICE_UNAVAILABLE`
 *
 * @example
 * ```ts
 * import { loadEncoder } from "unreel";
 *
 * const encoder = await loadEncoder("encoder.onnx", { threads: 1 });
 * const { frames, embeddings } = await encoder.embedVideo("clip.mp4", { count: 4 });
 * console.log(frames.length * encoder.info.dimension === embeddings.length);
 * encoder.close();
 * ```
 */
export function loadEncoder(path: string | URL, options: LoadEncoderOptions = {}): Promise<Encoder> {
  const settings = {
    device: checkOneOf(options.device ?? "auto", ["auto", "cpu"], "options.device"),
    workers: checkInteger(options.threads ?? availableParallelism(), 1, "options.threads"),
    batch: checkInteger(options.batch ?? 8, 1, "options.batch"),
  };
  return load(pathOf(path, "path"), settings, options.signal);
}

async function load(
  file: string,
  settings: Parameters<NativeBinding["loadEncoder"]>[1],
  signal: AbortSignal | undefined,
): Promise<Encoder> {
  using abort = withSignal(signal);
  onnxRuntime();
  await checkModelFile(file);
  const native = await abort.run(() => nativeBinding().loadEncoder(file, settings));
  try {
    const { externalFiles } = callNative(() => native.contract());
    const sha256 = await abort.run(() => modelHash(file, externalFiles, signal));
    return callNative(() => new Encoder(native, file, sha256, settings.workers));
  } catch (error) {
    native.close();
    throw error;
  }
}

async function checkModelFile(file: string): Promise<void> {
  const info = await stat(file).catch(() => undefined);
  if (!info?.isFile()) {
    throw new UnreelError(
      "ERR_UNREEL_MODEL_NOT_FOUND",
      `There is no model file at ${file}. Give the path of a CLIP image encoder in ONNX (vision_model.onnx of a published ` +
        "CLIP), or write one with seeded weights: unreel models make vit-b-32 --out encoder.onnx",
      { path: file },
    );
  }
}

/** Whether an error stands for one bad input, so that a stream of many may go on. */
export function isInputError(error: unknown): error is CodedError {
  return isCodedError(error) && (error.category === "input" || error.category === "media");
}

function videoEmbeddings(native: NativeEmbedding): VideoEmbeddings {
  const { durationUs, stream: _stream, ...info } = native.info;
  return {
    frames: Array.from(native.frames, (frame, i) => ({ frame, ptsUs: native.ptsUs[i] ?? 0 })),
    embeddings: native.embeddings,
    info: { ...info, durationUs: durationUs ?? undefined },
    stats: native.stats,
    timings: native.timings,
  };
}
