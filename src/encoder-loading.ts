import { mkdir, stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { type BatchSetting, bestBatch } from "./batch-choice.js";
import { cacheFolder } from "./cache-folder.js";
import { Encoder, type HashedFile } from "./encoder.js";
import { isCodedError, UnreelError, UnreelTypeError } from "./errors.js";
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
  /**
   * `int8`: the 8-bit model of each file, made by {@link quantizeModel} with its defaults the first time and kept in the cache
   * folder; a file that is quantised already is taken as it is. `fp32`: refuses files of any other precision. Default: what
   * the file is.
   */
  readonly precision?: "fp32" | "int8";
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
  const { precision } = options;
  if (precision !== undefined) checkOneOf(precision, ["fp32", "int8"], "options.precision");
  const wanted = givenPreprocessing(names.length, options.preprocessing);
  const files = names.map((name, i) => ({ name, given: wanted[i], precision }));
  return load(files, settings, options.batch === undefined, options.signal);
}

/** A model as the caller names it, and what he says of its preprocessing. */
interface NamedFile {
  readonly name: string | URL;
  readonly given: NativeEncoderFile["given"];
  readonly precision: LoadEncoderOptions["precision"];
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
  readonly precision: LoadEncoderOptions["precision"];
}

async function prepared({ name, given, precision }: NamedFile, signal: AbortSignal | undefined): Promise<PreparedFile> {
  const resolved = await resolveModel(name);
  const own = await fileHash(resolved.file, signal);
  if (resolved.sha256 !== undefined && own !== resolved.sha256) {
    throw changedSincePulled(resolved.file, own, resolved.sha256);
  }
  const { found, error } = await besideModel(resolved.file, given);
  const path = precision === "int8" ? await quantizedTwin(resolved.file, own, signal) : resolved.file;
  const sha256 = path === resolved.file ? own : await fileHash(path, signal);
  const beside = found && { ...found.preprocessing, source: found.path };
  const native = { path, ...(given && { given }), ...(beside && { beside }) };
  return { native, sha256, configError: error, precision };
}

/** The 8-bit model of a file, made where it is not in the cache yet; the file itself where it is one. */
async function quantizedTwin(file: string, sha256: string, signal: AbortSignal | undefined): Promise<string> {
  const { quantizeModel, quantizedForm } = await import("./models/quantize/index.js");
  const twin = join(cacheFolder(), "quantized", `${sha256}.${quantizedForm}.onnx`);
  if ((await stat(twin).catch(() => undefined)) !== undefined) return twin;
  await mkdir(dirname(twin), { recursive: true });
  try {
    await quantizeModel(file, twin, signal ? { signal } : {});
    return twin;
  } catch (error) {
    if (isCodedError(error) && error.code === "ERR_UNREEL_MODEL_QUANTIZED") return file;
    throw error;
  }
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
  for (const [i, { native: file, sha256: own, configError, precision }] of files.entries()) {
    const { externalFiles = [], declaresPreprocessing = false, precision: found } = contracts[i] ?? {};
    if (precision !== undefined && found !== precision) throw otherPrecision(file.path, precision, found);
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

function otherPrecision(path: string, expected: string, found: string | undefined): UnreelError {
  return new UnreelError(
    "ERR_UNREEL_MODEL_CONTRACT",
    `${path} is no ${expected} model. Expected: ${expected}. Found: ${found}. Choose another file, or leave the precision out.`,
    { path, expected, found: found ?? "" },
  );
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
