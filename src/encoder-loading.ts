import { availableParallelism } from "node:os";
import { type BatchSetting, bestBatch } from "./batch-choice.js";
import { Encoder, type HashedFile } from "./encoder.js";
import { UnreelTypeError } from "./errors.js";
import { fileHash, modelHash } from "./models/model-hash.js";
import { changedSincePulled, resolveModel } from "./models/resolve.js";
import type { NativeEncoder, NativeEncoderFile, NativeEncoderOptions } from "./native/binding.js";
import { callNative, nativeBinding, onnxRuntime, withSignal } from "./native/load.js";
import { checkPreprocessing, type PreprocessingOptions } from "./preprocessing.js";
import { type PreprocessorConfig, readPreprocessorConfig } from "./preprocessor-config.js";
import { checkInteger, checkOneOf, pathOf } from "./validate.js";

/** Options of {@link loadEncoder}. */
export interface LoadEncoderOptions {
  /** `cpu`, or `auto` (default): the best device there is; {@link Encoder.device} says which. */
  readonly device?: "auto" | "cpu";
  /** Threads that decode and encode, together. Default: the cores this process may use. */
  readonly threads?: number;
  /**
   * Pictures that one encode call takes at most. Default: the smallest that is about as fast as any on this machine,
   * found by encoding blank pictures for a second or so when the encoder is loaded, and remembered in the cache folder.
   * Embeddings do not depend on it.
   */
  readonly batch?: number;
  /**
   * What frames go through before the model sees them. It goes before what the model file says of itself (ONNX metadata
   * `unreel.preprocessing`, `unreel.mean`, `unreel.std`), and that before a `preprocessor_config.json` beside it, which is
   * obeyed or refused. What nobody says is CLIP's. Of several encoders a list, one each.
   */
  readonly preprocessing?: PreprocessingOptions | readonly (PreprocessingOptions | undefined)[];
  readonly signal?: AbortSignal;
}

/**
 * Loads an image encoder from an ONNX file, by its path or, once it was pulled, by its registered name or
 * `hf:OWNER/REPO/FILE@REVISION` ({@link pullModel}): a CLIP, `pixel_values` [batch, 3, size, size] in, `image_embeds`
 * [batch, dimension] out, as people publish it (`onnx/vision_model*.onnx`), or one that declares another preprocessing,
 * as `residual` does. Of a list each frame is decoded once, and its features are all their embeddings, one after
 * another. A file that is loaded several times lies in memory once.
 *
 * @throws UnreelError `ERR_UNREEL_MODEL_NOT_FOUND`, `…_HASH_MISMATCH` (no longer what was pulled), `…_MODEL_INVALID` (not
 * ONNX), `…_MODEL_CONTRACT` (not an image encoder), `…_PREPROCESSING_UNSUPPORTED` (a `preprocessor_config.json` that
 * cannot be obeyed), `…_ONNXRUNTIME_NOT_FOUND`, `…_DEVICE_UNAVAILABLE`; TypeError for one encoder twice
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
export function loadEncoder(
  nameOrPath: string | URL | readonly (string | URL)[],
  options: LoadEncoderOptions = {},
): Promise<Encoder> {
  const names: readonly (string | URL)[] = Array.isArray(nameOrPath) ? nameOrPath : [nameOrPath as string | URL];
  if (names.length === 0) throw new UnreelTypeError("nameOrPath is an empty list; name at least one model file");
  for (const [i, each] of names.entries()) pathOf(each, names.length > 1 ? `nameOrPath[${i}]` : "nameOrPath");
  const settings = {
    device: checkOneOf(options.device ?? "auto", ["auto", "cpu"], "options.device"),
    workers: checkInteger(options.threads ?? availableParallelism(), 1, "options.threads"),
    batch: checkInteger(options.batch ?? 1, 1, "options.batch"),
  };
  const wanted = givenPreprocessing(names.length, options.preprocessing);
  const files = names.map((name, i) => ({ name, given: wanted[i] }));
  return load(files, settings, options.batch === undefined, options.signal);
}

/** A model as the caller names it, and what he says of its preprocessing. */
interface NamedFile {
  readonly name: string | URL;
  readonly given: NativeEncoderFile["given"];
}

function givenPreprocessing(
  count: number,
  preprocessing: LoadEncoderOptions["preprocessing"],
): readonly NativeEncoderFile["given"][] {
  const list = Array.isArray(preprocessing) ? preprocessing : [preprocessing];
  if (preprocessing !== undefined && list.length !== count) {
    throw new UnreelTypeError(
      `options.preprocessing is for ${list.length} of ${count} encoders; give a list with one for each`,
    );
  }
  return list.map((each: PreprocessingOptions | undefined, i) => {
    const source = count > 1 ? `options.preprocessing[${i}]` : "options.preprocessing";
    return each && { ...checkPreprocessing(each, source), source };
  });
}

async function load(
  named: readonly NamedFile[],
  settings: NativeEncoderOptions,
  chooseBatch: boolean,
  signal: AbortSignal | undefined,
): Promise<Encoder> {
  using abort = withSignal(signal);
  onnxRuntime();
  const files: PreparedFile[] = [];
  for (const each of named) files.push(await abort.run(() => prepared(each, signal)));
  const native = await abort.run(() =>
    nativeBinding().loadEncoders(
      files.map(({ native }) => native),
      settings,
    ),
  );
  try {
    const hashed = await abort.run(() => proven(native, files, signal));
    const encoder = callNative(() => new Encoder(native, hashed, settings.workers, settings.batch));
    if (chooseBatch) encoder.setBatch(await batchOf(native, encoder, signal));
    return encoder;
  } catch (error) {
    native.close();
    throw error;
  }
}

/** A model file that was found, and what stands beside it. */
interface PreparedFile {
  readonly native: NativeEncoderFile;
  /** Of the file alone. */
  readonly sha256: string;
  /** Why the configuration beside it cannot be obeyed. */
  readonly configError?: unknown;
}

async function prepared({ name, given }: NamedFile, signal: AbortSignal | undefined): Promise<PreparedFile> {
  const { file: path, sha256: pinned } = await resolveModel(name);
  const sha256 = await fileHash(path, signal);
  if (pinned !== undefined && sha256 !== pinned) throw changedSincePulled(path, sha256, pinned);
  const { found, error } = await besideModel(path, given);
  const beside = found && { ...found.preprocessing, source: found.path };
  return { native: { path, ...(given && { given }), ...(beside && { beside }) }, sha256, configError: error };
}

/**
 * The configuration beside a model; not looked at where the caller says everything. One that cannot be obeyed counts
 * only where the model file does not name its variant.
 */
async function besideModel(
  file: string,
  given: NativeEncoderFile["given"],
): Promise<{ found?: PreprocessorConfig | undefined; error?: unknown }> {
  if (given?.variant !== undefined && given.mean !== undefined) return {};
  return readPreprocessorConfig(file).then(
    (found) => ({ found }),
    (error: unknown) => ({ error }),
  );
}

/** The files' hashes, once it is sure that each is what it should be, and stands there once. */
async function proven(
  native: NativeEncoder,
  files: readonly PreparedFile[],
  signal: AbortSignal | undefined,
): Promise<readonly HashedFile[]> {
  const contracts = callNative(() => native.contracts());
  const hashed: HashedFile[] = [];
  for (const [i, { native: file, sha256: own, configError }] of files.entries()) {
    const { externalFiles = [], declaresPreprocessing = false } = contracts[i] ?? {};
    if (configError !== undefined && !declaresPreprocessing) throw configError;
    const sha256 = await modelHash(own, file.path, externalFiles, signal);
    const before = hashed.find((each) => each.sha256 === sha256);
    if (before !== undefined) {
      // Features that stand twice in a row say nothing new; it is a slip.
      throw new UnreelTypeError(`${before.path} and ${file.path} are the same encoder; name each one once`);
    }
    hashed.push({ path: file.path, sha256 });
  }
  return hashed;
}

/** The largest of what each part is best with: a larger one than it needs costs a model little. */
async function batchOf(native: NativeEncoder, encoder: Encoder, signal: AbortSignal | undefined): Promise<number> {
  const { model, vectors } = nativeBinding().versions().cpu;
  const { threads } = encoder;
  const runtime = onnxRuntime().version;
  using abort = withSignal(signal);
  let largest = 1;
  for (const [i, { sha256, imageSize }] of encoder.info.parts.entries()) {
    const setting: BatchSetting = { encoderSha256: sha256, imageSize, runtime, cpu: { model, vectors }, threads };
    const measure = (budgetS: number) => native.measureBatch(i, threads, budgetS, abort.token);
    largest = Math.max(largest, await abort.run(() => bestBatch(setting, measure)));
  }
  return largest;
}
