import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { throwIfAborted, UnreelError } from "../errors.js";
import { stageFiles, writeFilesAtomic } from "../output-folder.js";
import { joinedHash } from "./model-hash.js";
import { ExternalDataFile } from "./onnx/external-data.js";
import type { Piece } from "./protobuf.js";

/** What unreel's models name as their producer. */
export const producer = "unreel";

/** How far a model is written. */
export interface WriteProgress {
  readonly writtenBytes: number;
  readonly totalBytes: number;
}

/** Options of {@link writeModel}. */
export interface WriteModelOptions {
  /** Long tensors go into `FILE.data`, whatever the size. */
  readonly externalData?: boolean;
  /** Bytes that one file may have before long tensors go into `FILE.data`. Default 1.9 GB; protobuf ends at 2 GiB. */
  readonly largestFile?: number;
  readonly onProgress?: (progress: WriteProgress) => void;
  readonly signal?: AbortSignal;
}

/** What {@link writeModel} wrote. */
export interface WrittenModel {
  /** Of all files. */
  readonly bytes: number;
  /** See {@link joinedHash}. */
  readonly sha256: string;
  /** Names; the model first. */
  readonly files: readonly string[];
}

const largestFile = 1.9e9;

/** Whatever can be written as a ModelProto: an `OnnxModel`, or what `model()` of onnx-writer.ts gives. */
export interface Encodable {
  encode(external?: ExternalDataFile): Piece;
}

/**
 * Writes a model part by part with a few MB of memory, as one file or with a second one, `FILE.data`, for long tensors.
 * The files take their names when they are whole, the model last. Files that unreel did not make are never replaced.
 *
 * @param path of the model; its folder exists
 * @throws UnreelError `ERR_UNREEL_OUTPUT_NOT_WRITABLE`, `ERR_UNREEL_OUTPUT_EXISTS`, `ERR_UNREEL_IO`,
 * `ERR_UNREEL_ABORTED`; then nothing is left.
 */
export async function writeModel(
  path: string,
  model: Encodable,
  options: WriteModelOptions = {},
): Promise<WrittenModel> {
  await refuseForeignFile(path);
  const [folder, name] = [dirname(path), basename(path)];
  const whole = model.encode();
  const inOne = options.externalData !== true && whole.size <= (options.largestFile ?? largestFile);
  const data = new ExternalDataFile(`${name}.data`);
  const content = inOne ? whole : model.encode(data);
  if (data.size > 0) await refuseForeignData(path, join(folder, data.name));
  return stageFiles(folder, async (stage) => {
    const watch = new Watch(content.size + data.size, options);
    const beside = data.size > 0 ? [data.name] : [];
    for (const each of beside) await writeFilesAtomic(stage, { [each]: watch.parts(each, data.content()) });
    await writeFilesAtomic(stage, { [name]: watch.parts(name, content) });
    const hashes = new Map(beside.map((each) => [each, watch.hash(each)]));
    const written = { bytes: content.size + data.size, sha256: joinedHash(watch.hash(name), hashes) };
    return { names: [...beside, name], result: { ...written, files: [name, ...beside] } };
  });
}

/** Content on its way to the disk: progress told, cancellation seen, hashes taken, the event loop given a turn. */
class Watch {
  readonly #totalBytes: number;
  readonly #options: WriteModelOptions;
  readonly #hashes = new Map<string, string>();
  #writtenBytes = 0;

  constructor(totalBytes: number, options: WriteModelOptions) {
    this.#totalBytes = totalBytes;
    this.#options = options;
  }

  hash(name: string): string {
    return this.#hashes.get(name) ?? "";
  }

  async *parts(name: string, content: Piece): AsyncIterable<Uint8Array> {
    const sha256 = createHash("sha256");
    for await (const part of joined(content.chunks())) {
      throwIfAborted(this.#options.signal);
      sha256.update(part);
      yield part;
      this.#writtenBytes += part.length;
      this.#options.onProgress?.({ writtenBytes: this.#writtenBytes, totalBytes: this.#totalBytes });
      await setImmediate();
    }
    this.#hashes.set(name, sha256.digest("hex"));
  }
}

/** The same bytes in parts of 256 KiB to 1 MiB or so: graphs begin with thousands of fields of a few bytes. */
async function* joined(parts: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const smallest = 1 << 18;
  const buffer = new Uint8Array(smallest);
  let filled = 0;
  for await (const part of parts) {
    if (filled + part.length > buffer.length) {
      if (filled > 0) yield buffer.subarray(0, filled);
      filled = 0;
    }
    if (part.length > buffer.length) yield part;
    else {
      buffer.set(part, filled);
      filled += part.length;
    }
  }
  if (filled > 0) yield buffer.subarray(0, filled);
}

/**
 * A model that is there may be replaced only if its first bytes say that unreel made it: weights are hard to get back.
 *
 * @throws UnreelError `ERR_UNREEL_OUTPUT_EXISTS`
 */
export async function refuseForeignFile(path: string): Promise<void> {
  const kind = await kindOf(path);
  if (kind !== "ours" && kind !== "nothing") throw inTheWay(path, kind);
}

/**
 * Makes sure that a model can be written to `path`: call it before the work that the model comes out of.
 *
 * @throws UnreelError `ERR_UNREEL_OUTPUT_EXISTS`, `ERR_UNREEL_OUTPUT_NOT_WRITABLE`, `ERR_UNREEL_IO`
 */
export async function prepareModelFile(path: string): Promise<void> {
  await refuseForeignFile(path);
  await stageFiles(dirname(path), async () => ({ names: [], result: undefined }));
}

/** A file of weights is unreel's where the model beside it is. @throws UnreelError `ERR_UNREEL_OUTPUT_EXISTS` */
export async function refuseForeignData(model: string, data: string): Promise<void> {
  if ((await kindOf(model)) === "nothing" && (await kindOf(data)) !== "nothing") throw inTheWay(data, foreign);
}

const foreign = "a file that unreel did not make";

function inTheWay(path: string, what: string): UnreelError {
  return new UnreelError("ERR_UNREEL_OUTPUT_EXISTS", `${path} is there already and is ${what}; choose another name`, {
    path,
  });
}

type Kind = "nothing" | "ours" | typeof foreign | "no file";

async function kindOf(path: string): Promise<Kind> {
  const file = await open(path, "r").catch(() => undefined);
  if (file === undefined) return "nothing";
  try {
    if (!(await file.stat()).isFile()) return "no file";
    const { buffer, bytesRead } = await file.read(Buffer.alloc(64), 0, 64, 0);
    const ours = bytesRead === 0 || buffer.subarray(0, bytesRead).includes(producer);
    return ours ? "ours" : foreign;
  } finally {
    await file.close();
  }
}
