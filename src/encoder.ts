import { mapConcurrently } from "./concurrent.js";
import { type CodedError, isCodedError, UnreelTypeError } from "./errors.js";
import type { Fingerprint } from "./fingerprint.js";
import type { NativeContract, NativeEmbedding, NativeEncoder, NativeLimits, NativePolicy } from "./native/binding.js";
import { withSignal } from "./native/load.js";
import { type HttpOptions, resolveHttp } from "./sources/http-options.js";
import { type OpenedSource, openSource } from "./sources/open-source.js";
import { inputOf, type VideoSource } from "./sources/video-source.js";
import { checkInteger, checkTyped } from "./validate.js";
import { type Limits, resolveLimits, type VideoInfo, type VideoStats } from "./video.js";

/** What a loaded encoder is made of: mostly one model file. */
export interface EncoderInfo {
  /** Length of a row of features: the sum over `parts`. */
  readonly dimension: number;
  /** In the order in which their embeddings stand in a row. */
  readonly parts: readonly EncoderPart[];
}

/** What one model file says of itself. */
export interface EncoderPart {
  readonly path: string;
  /**
   * Of the model file, hexadecimal. Where weights lie in files beside it: SHA-256 of one line `HASH  NAME` for each file,
   * the model first under the name `model`, so that any changed byte changes it and a new name of the model does not.
   */
  readonly sha256: string;
  readonly precision: string;
  /** Length of an embedding. */
  readonly dimension: number;
  /** Side of the square that the model sees, or of each of its tiles. */
  readonly imageSize: number;
  /** What a frame goes through: `clip`, OpenAI's (Pillow's bicubic, torchvision's centre crop); `luma-tiles`. */
  readonly preprocessing: string;
  /** Of R, G, B on the scale 0 to 1: taken off before the model sees them. Null where bytes go in as they are. */
  readonly mean: readonly number[] | null;
  /** Of R, G, B: divided by. */
  readonly std: readonly number[] | null;
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
  /**
   * frames.length x dimension, C order; as the models give them, not normalised. Of several encoders a row has one
   * embedding after another.
   */
  readonly embeddings: Float32Array;
  readonly info: VideoInfo;
  readonly stats: VideoStats;
  readonly timings: StageTimings;
}

/** One result of {@link Encoder.embed}: of a good video, or the reason why there is none. */
export type EmbedResult<S extends VideoSource = VideoSource> =
  | ({ readonly ok: true; readonly source: S } & VideoEmbeddings)
  | { readonly ok: false; readonly source: S; readonly error: CodedError };

/** An image encoder, or several side by side, with their pipeline. Close it, or declare it with `await using`. */
export class Encoder implements AsyncDisposable {
  readonly info: EncoderInfo;
  /** Where it runs: `cpu`. */
  readonly device: string;
  readonly threads: number;
  readonly #native: NativeEncoder;
  readonly #pictureBytes: number;
  #batch: number;

  /** @internal use {@link loadEncoder} */
  constructor(native: NativeEncoder, files: readonly HashedFile[], threads: number, batch: number) {
    const contracts = native.contracts();
    const parts = contracts.map((contract, i) => partOf(contract, files[i]));
    this.#native = native;
    this.#pictureBytes = contracts[0]?.pictureBytes ?? 0;
    this.#batch = batch;
    this.info = { dimension: parts.reduce((sum, { dimension }) => sum + dimension, 0), parts };
    this.device = contracts[0]?.device ?? "";
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
   * Embeddings of pictures that are preprocessed already, by an encoder of one part.
   *
   * @param crops uint8, C order: RGB, n x imageSize x imageSize x 3; for luma-tiles n x 25 x imageSize x imageSize
   * @returns n x dimension
   */
  encode(crops: Uint8Array, options: { readonly signal?: AbortSignal } = {}): Promise<Float32Array> {
    if (this.info.parts.length > 1) {
      throw new UnreelTypeError("encode() takes pictures for one encoder, and these are several; use embed()");
    }
    const bytes = this.#pictureBytes;
    const count = checkInteger(crops?.length / bytes, 1, `crops.length / ${bytes}, the bytes of one picture`);
    checkTyped(crops, Uint8Array, count * bytes, "crops");
    return this.#encodeAll(crops, count, options.signal);
  }

  /** Batches that the threads take as they become free: none waits for another before all are done. */
  async #encodeAll(crops: Uint8Array, count: number, signal: AbortSignal | undefined): Promise<Float32Array> {
    const bytes = crops.length / count;
    const step = Math.min(this.#batch, Math.ceil(count / this.threads));
    const embeddings = new Float32Array(count * this.info.dimension);
    using abort = withSignal(signal);
    let next = 0;
    const lane = async () => {
      while (next < count) {
        const [begin, end] = [next, Math.min(next + step, count)];
        next = end;
        const part = crops.subarray(begin * bytes, end * bytes);
        const encoded = await this.#native.encode(part, end - begin, abort.token).catch((error: unknown) => {
          next = count; // the other lanes need not go on
          throw error;
        });
        embeddings.set(encoded, begin * this.info.dimension);
      }
    };
    await abort.run(() => Promise.all(Array.from({ length: this.threads }, lane)));
    return embeddings;
  }

  /** Pictures that one encode call takes at most. */
  get batch(): number {
    return this.#batch;
  }

  /** Pictures that one encode call takes at most, for videos from now on. */
  setBatch(batch: number): void {
    this.#native.setBatch(checkInteger(batch, 1, "batch"));
    this.#batch = batch;
  }

  /** Everything that shapes the features of a video when `count` frames of it are embedded. */
  fingerprint(count: number): Fingerprint {
    return {
      encoders: this.info.parts.map(({ path: _path, input: _input, output: _output, ...part }) => part),
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

/** A model file and its hash, see {@link EncoderPart.sha256}. */
export interface HashedFile {
  readonly path: string;
  readonly sha256: string;
}

function partOf(contract: NativeContract, file: HashedFile | undefined): EncoderPart {
  const { precision, dimension, preprocessing, imageSize, mean, std, input, output } = contract;
  const { path = "", sha256 = "" } = file ?? {};
  return { path, sha256, precision, dimension, preprocessing, imageSize, mean, std, input, output };
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
