import { type Calibration, type Probability, probabilityOf } from "./calibration/calibration.js";
import { type OperatingPoint, thresholdNamed } from "./calibration/operating-points.js";
import { checkPrevalence } from "./calibration/prevalence.js";
import type { ThresholdRule } from "./calibration/thresholds.js";
import { mapConcurrently } from "./concurrent.js";
import { type DetectorDescription, readDescription, readEncoderReferences } from "./detector-folder.js";
import { type Encoder, isInputError, type StageTimings, type VideoEmbeddings } from "./encoder.js";
import { loadEncoder } from "./encoder-loading.js";
import { type CodedError, isCodedError, UnreelError, UnreelRangeError, UnreelTypeError } from "./errors.js";
import { assertSameFingerprint, type Fingerprint, fingerprintHash } from "./fingerprint.js";
import { type PreprocessingOptions, preprocessingVariants } from "./preprocessing.js";
import type { HttpOptions } from "./sources/http-options.js";
import type { VideoSource } from "./sources/video-source.js";
import { loadView } from "./training/detector-view.js";
import { type SvmView, scoreRows } from "./training/score.js";
import type { Svm } from "./training/svm.js";
import { checkInteger, pathOf } from "./validate.js";
import type { Limits } from "./video.js";

/** Options of {@link loadDetector}. */
export interface LoadDetectorOptions {
  /** `cpu`, or `auto` (default): the best device there is; {@link Detector.device} says which. */
  readonly device?: "auto" | "cpu";
  /**
   * The encoder's file, or the files in the order of training, where they are not at the places that the detector names.
   * Their SHA-256 must be the same.
   */
  readonly encoder?: string | URL | readonly (string | URL)[];
  /** Threads that decode and encode. Default: the cores this process may use. */
  readonly threads?: number;
  readonly batch?: number;
  readonly signal?: AbortSignal;
}

/** Options of {@link Detector.frames}. */
export interface ScoreOptions {
  readonly limits?: Limits;
  /** For sources that are `http:` or `https:` URLs. */
  readonly http?: HttpOptions;
  readonly signal?: AbortSignal;
}

/** Options of {@link Detector.scan}. */
export interface ScanOptions extends ScoreOptions {
  /** From where on a video is fake: an operating point, a threshold of the detector, or a score. Default `balanced`. */
  readonly threshold?: OperatingPoint | ThresholdRule | number;
  /**
   * The share of fakes among the videos that you scan: `probability` and `interval` are those at this share. Default: the
   * share among the videos that the calibration was fitted on.
   */
  readonly prevalence?: number;
}

/** Options of {@link Detector.scanMany}. */
export interface ScanManyOptions extends ScanOptions {
  /** Videos in flight. Default: threads + 2. */
  readonly concurrency?: number;
}

/** The score of one frame; higher = more fake. */
export interface FrameScore {
  readonly frame: number;
  readonly ptsUs: number;
  readonly score: number;
}

/** Neighbouring sampled frames that all score at or above the threshold. */
export interface Segment {
  /** Presentation time of the first of them. */
  readonly startUs: number;
  /** Presentation time of the next sampled frame after them, or the video's end. */
  readonly endUs: number;
  /** Mean of their scores. */
  readonly score: number;
}

/** Why a verdict is `inconclusive`. */
export type AbstentionReason = "no-frames" | "too-few-frames";

/** From which score on a video was called fake. */
export interface VerdictThreshold {
  /** The rule that chose it, or `given`. */
  readonly name: string;
  readonly value: number;
  /** Share of the real videos it was chosen on that score at or above it; absent where the value was given. */
  readonly fpr?: number;
}

/** What unreel thinks of one video. */
export interface Verdict {
  readonly verdict: "fake" | "real" | "inconclusive";
  /** Set when the verdict is `inconclusive`; then there is no score. */
  readonly reason?: AbstentionReason;
  /** Mean of the frames' decision values; higher = more fake. A distance to a boundary, not a probability. */
  readonly score?: number;
  /** That the video is fake. Absent where the detector has no calibration, or there is no score. */
  readonly probability?: number;
  /** 95 %: where calibrations from other groups of videos of the same kind would put it. */
  readonly interval?: readonly [lower: number, upper: number];
  readonly threshold: VerdictThreshold;
  readonly segments: readonly Segment[];
  readonly frames: readonly FrameScore[];
  readonly quality: { readonly framesUsed: number; readonly framesSkipped: Readonly<Record<string, number>> };
  readonly model: { readonly id: string; readonly fingerprint: string };
  readonly timings: StageTimings;
}

/** One result of {@link Detector.scanMany}. */
export type ScanResult<S extends VideoSource = VideoSource> =
  | ({ readonly ok: true; readonly input: S } & Verdict)
  | { readonly ok: false; readonly input: S; readonly error: CodedError };

/** What a scan decides by. */
interface Decision {
  readonly threshold: VerdictThreshold;
  readonly probability: (score: number) => Probability | undefined;
}

/** A trained detector with its encoder. Close it, or declare it with `await using`. */
export class Detector implements AsyncDisposable {
  readonly description: DetectorDescription;
  /** Identifies the detector: changes with any byte of the trained files, and with anything in detector.json. */
  readonly id: string;
  readonly #encoder: Encoder;
  readonly #svm: Svm;
  readonly #count: number;
  readonly #view: SvmView;

  /** @internal use {@link loadDetector} */
  constructor(description: DetectorDescription, encoder: Encoder, view: SvmView, svm: Svm) {
    this.description = description;
    this.id = fingerprintHash(description as unknown as Fingerprint).slice(0, 16);
    this.#encoder = encoder;
    this.#svm = svm;
    this.#count = Number(description.fingerprint.count);
    this.#view = view;
  }

  /** Where the encoder runs. */
  get device(): string {
    return this.#encoder.device;
  }

  /**
   * The verdict on one video. A file that is no video rejects; a video of which too few frames can be had is
   * `inconclusive`, with the reason and without a score.
   *
   * @throws UnreelError of category `input` or `media`, `ERR_UNREEL_ABORTED`; at once: UnreelTypeError or UnreelRangeError
   * for a threshold that the detector does not have, or a prevalence without a calibration; `ERR_UNREEL_TOO_FEW_REAL` for
   * a threshold that training had too few real videos for
   */
  scan(source: VideoSource, options: ScanOptions = {}): Promise<Verdict> {
    const { threshold, prevalence, ...each } = options;
    return this.#scan(source, each, decisionOf(this.description, threshold, prevalence));
  }

  #scan(source: VideoSource, options: ScoreOptions, decision: Decision): Promise<Verdict> {
    return this.#verdict(this.#encoder.embedVideo(source, { ...options, count: this.#count }), decision);
  }

  async #verdict(embeddings: Promise<VideoEmbeddings>, decision: Decision): Promise<Verdict> {
    let video: VideoEmbeddings;
    try {
      video = await embeddings;
    } catch (error) {
      if (error instanceof UnreelError && error.code === "ERR_UNREEL_NO_FRAMES")
        return this.#abstain(decision, "no-frames");
      throw error;
    }
    if (video.frames.length < this.description.minFrames) return this.#abstain(decision, "too-few-frames", video);
    return this.#judge(decision, video, await this.#score(video));
  }

  /**
   * Verdicts on many videos as they finish. A bad video yields `{ok: false, error}` and the rest goes on. Wrong options
   * throw at once, as those of {@link Detector.scan}.
   */
  scanMany<S extends VideoSource>(
    sources: Iterable<S> | AsyncIterable<S>,
    options: ScanManyOptions = {},
  ): AsyncGenerator<ScanResult<S>, void, undefined> {
    const { concurrency: wanted, signal, threshold, prevalence, ...each } = options;
    const decision = decisionOf(this.description, threshold, prevalence);
    const concurrency = checkInteger(wanted ?? this.#encoder.threads + 2, 1, "options.concurrency");
    return mapConcurrently(
      sources,
      concurrency,
      async (input, context): Promise<ScanResult<S>> => {
        try {
          return { ok: true, input, ...(await this.#scan(input, { ...each, signal: context.signal }, decision)) };
        } catch (error) {
          if (!isInputError(error)) throw error;
          return { ok: false, input, error };
        }
      },
      signal,
    );
  }

  /** The scores of a video's sampled frames, in presentation order. */
  async *frames(source: VideoSource, options: ScoreOptions = {}): AsyncGenerator<FrameScore, void, undefined> {
    yield* await this.#score(await this.#encoder.embedVideo(source, { ...options, count: this.#count }));
  }

  /** Frees the encoder. Idempotent. */
  close(): void {
    this.#encoder.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  async #score({ frames, embeddings }: VideoEmbeddings): Promise<FrameScore[]> {
    const scores = await scoreRows(embeddings, frames.length, this.#view, this.#svm);
    return frames.map(({ frame, ptsUs }, i) => ({ frame, ptsUs, score: scores[i] ?? Number.NaN }));
  }

  #judge(decision: Decision, video: VideoEmbeddings, frames: readonly FrameScore[]): Verdict {
    const score = frames.reduce((sum, frame) => sum + frame.score, 0) / frames.length;
    const { value } = decision.threshold;
    return {
      verdict: score >= value ? "fake" : "real",
      score,
      ...decision.probability(score),
      segments: segmentsAbove(frames, value, endOf(video)),
      frames,
      ...this.#common(decision, video),
    };
  }

  #abstain(decision: Decision, reason: AbstentionReason, video?: VideoEmbeddings): Verdict {
    return { verdict: "inconclusive", reason, segments: [], frames: [], ...this.#common(decision, video) };
  }

  #common({ threshold }: Decision, video: VideoEmbeddings | undefined) {
    const skipped: Record<string, number> = {};
    if (video !== undefined && video.stats.framesDamaged > 0) skipped.damaged = video.stats.framesDamaged;
    if (video !== undefined && video.stats.framesMissing > 0) skipped.missing = video.stats.framesMissing;
    return {
      threshold,
      quality: { framesUsed: video?.frames.length ?? 0, framesSkipped: skipped },
      model: { id: this.id, fingerprint: fingerprintHash(this.description.fingerprint) },
      timings: video?.timings ?? { decodeUs: 0, preprocessUs: 0, encodeUs: 0 },
    };
  }
}

function decisionOf(
  description: DetectorDescription,
  threshold: ScanOptions["threshold"] = "balanced",
  prevalence: ScanOptions["prevalence"],
): Decision {
  const calibration = calibrationOf(description);
  if (prevalence !== undefined) {
    checkPrevalence(prevalence, "options.prevalence");
    if (calibration === undefined) throw new UnreelTypeError(withoutCalibration(description));
  }
  return {
    threshold: thresholdOf(description, threshold),
    probability: (score) => calibration && probabilityOf(calibration, score, prevalence),
  };
}

function thresholdOf(
  description: DetectorDescription,
  wanted: NonNullable<ScanOptions["threshold"]>,
): VerdictThreshold {
  if (typeof wanted !== "number") {
    const { name, value, fpr } = thresholdNamed(description, wanted);
    return { name, value, fpr };
  }
  if (!Number.isFinite(wanted)) throw new UnreelRangeError(`options.threshold must be finite, not ${wanted}`);
  return { name: "given", value: wanted };
}

function calibrationOf({ calibration }: DetectorDescription): Calibration | undefined {
  return calibration === undefined || calibration.method === "none" ? undefined : calibration;
}

function withoutCalibration({ calibration }: DetectorDescription): string {
  const why = calibration?.method === "none" ? ` ${calibration.reason}` : "";
  return `options.prevalence changes a probability, and this detector gives none.${why} unreel calibrate fits one.`;
}

/** Maximal runs of frames at or above the threshold. */
function segmentsAbove(frames: readonly FrameScore[], threshold: number, endUs: number): Segment[] {
  const segments: Segment[] = [];
  let run: FrameScore[] = [];
  const close = (end: number) => {
    const [first] = run;
    if (first !== undefined) {
      const score = run.reduce((sum, frame) => sum + frame.score, 0) / run.length;
      segments.push({ startUs: first.ptsUs, endUs: end, score });
    }
    run = [];
  };
  for (const frame of frames) {
    if (frame.score >= threshold) run.push(frame);
    else close(frame.ptsUs);
  }
  close(endUs);
  return segments;
}

function endOf(video: VideoEmbeddings): number {
  const { startUs, durationUs = 0 } = video.info;
  return Math.max(video.frames.at(-1)?.ptsUs ?? startUs, startUs + durationUs);
}

/**
 * Loads a detector folder and the encoder that it was trained with.
 *
 * @throws UnreelError `ERR_UNREEL_DETECTOR_INVALID` naming the file that is missing or damaged,
 * `ERR_UNREEL_MODEL_NOT_FOUND`, `ERR_UNREEL_FINGERPRINT_MISMATCH` when the encoder is another one
 *
 * @example
 * ```ts
 * import { loadDetector } from "unreel";
 *
 * const detector = await loadDetector("detector");
 * const verdict = await detector.scan("clip.mp4");
 * console.log(verdict.verdict, verdict.score, verdict.probability, verdict.interval);
 * for await (const result of detector.scanMany(["clip.mp4", "missing.mp4"])) console.log(result.input, result.ok);
 * detector.close();
 * ```
 */
export function loadDetector(dir: string | URL, options: LoadDetectorOptions = {}): Promise<Detector> {
  return load(pathOf(dir, "dir"), options);
}

/**
 * What the frames went through that trained the detector, encoder by encoder: scans take the same, whatever lies beside
 * the model files. Undefined for encoders whose files name a preprocessing of their own.
 */
function trainedPreprocessing(fingerprint: Fingerprint): readonly (PreprocessingOptions | undefined)[] {
  const encoders = Array.isArray(fingerprint.encoders) ? fingerprint.encoders : [];
  return encoders.map((each) => {
    const variant = preprocessingVariants.find((name) => name === each?.preprocessing);
    if (variant === undefined) return undefined;
    return { variant, size: each.imageSize, ...(each.mean && each.std && { mean: each.mean, std: each.std }) };
  });
}

/**
 * The encoder with the preprocessing of the training. A file that does not take it is another than the trained one: it
 * is loaded as it is, so that its fingerprint tells in what.
 */
async function loadTrained(
  path: NonNullable<LoadDetectorOptions["encoder"]>,
  options: Omit<LoadDetectorOptions, "encoder">,
  preprocessing: ReturnType<typeof trainedPreprocessing>,
): Promise<Encoder> {
  const count = Array.isArray(path) ? path.length : 1;
  if (preprocessing.length !== count) return loadEncoder(path, options);
  try {
    return await loadEncoder(path, { ...options, preprocessing });
  } catch (error) {
    const refused = ["ERR_UNREEL_INVALID_ARGUMENT", "ERR_UNREEL_MODEL_CONTRACT"];
    if (!isCodedError(error) || !refused.includes(error.code)) throw error;
    return loadEncoder(path, options);
  }
}

async function load(folder: string, options: LoadDetectorOptions): Promise<Detector> {
  const description = await readDescription(folder);
  const { view, svm } = await loadView(folder, description);
  const references = await readEncoderReferences(folder);
  const path = options.encoder ?? references?.map((each) => each.path);
  if (path === undefined) {
    throw new UnreelError(
      "ERR_UNREEL_MODEL_NOT_FOUND",
      `The detector ${folder} does not say where its encoder lies; name the file with the option encoder (--encoder FILE).`,
      { path: folder },
    );
  }
  const { encoder: _named, ...rest } = options;
  const encoder = await loadTrained(path, rest, trainedPreprocessing(description.fingerprint));
  try {
    const ours = encoder.fingerprint(Number(description.fingerprint.count));
    const files = encoder.info.parts.map((part) => part.path).join(", ");
    assertSameFingerprint(description.fingerprint, ours, `the detector ${folder} and the encoder ${files}`);
  } catch (error) {
    encoder.close();
    throw error;
  }
  const blocks = encoder.info.parts.map(({ dimension }) => dimension);
  return new Detector(description, encoder, { ...view, blocks }, svm);
}
