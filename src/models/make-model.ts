import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";
import { UnreelError, UnreelRangeError } from "../errors.js";
import { writeFileAtomic } from "../output-folder.js";
import { checkInteger, pathOf } from "../validate.js";
import { architectures, type ModelName, modelNames } from "./architectures.js";
import { model } from "./onnx-writer.js";
import type { Piece } from "./protobuf.js";
import { residualGraph } from "./residual.js";
import { visionTransformer } from "./vision-transformer.js";

/** Options of {@link makeModel}. */
export interface MakeModelOptions {
  /** 0 to 4,294,967,295; default 1. The same name and seed give the same bytes on every machine. */
  readonly seed?: number;
  /** Called after each part written. */
  readonly onProgress?: (progress: { readonly writtenBytes: number; readonly totalBytes: number }) => void;
  /** Ends the work; then no file is left. */
  readonly signal?: AbortSignal;
}

/** What {@link makeModel} wrote. */
export interface MadeModel {
  readonly name: ModelName;
  /** Where the weights are drawn. */
  readonly seed?: number;
  readonly bytes: number;
  /** Of the file, hexadecimal. */
  readonly sha256: string;
  /** Whether the weights are random numbers from `seed`, never pretrained; false for a fixed formula. */
  readonly seeded: boolean;
}

const producer = "unreel";

/**
 * Writes an image encoder as one ONNX file: `residual`, a fixed formula of noise residuals that needs no training, or a
 * CLIP of the true architecture with seeded weights, for tests, speed and demos. The latter knows nothing of pictures
 * and is not a pretrained CLIP; the file's metadata say `unreel.seeded = true`.
 *
 * CLIPs: input `pixel_values` [batch, 3, 224, 224], output `image_embeds` [batch, projection], float32, opset 17.
 * `residual`: input `luma_tiles` [batch, 25, 64, 64], uint8, output `image_embeds` [batch, 234]. The file is
 * streamed with a few MB of memory, takes its name when it is whole, and replaces an earlier model of unreel only.
 *
 * @param name - One of {@link modelNames}: `residual` (1.4 MB), `tiny` (0.9 MB) or `vit-b-32` (351 MB).
 * @param file - Path of the file to write; its folder exists.
 * @throws UnreelError `ERR_UNREEL_MODEL_NOT_FOUND` for an unknown name; `ERR_UNREEL_OUTPUT_NOT_WRITABLE`;
 * `ERR_UNREEL_OUTPUT_EXISTS` where a folder or a file of somebody else's is in the way; `ERR_UNREEL_ABORTED`;
 * `ERR_UNREEL_IO` (a full disk, for instance).
 *
 * @example
 * ```ts
 * import { makeModel } from "unreel";
 *
 * const made = await makeModel("tiny", "tiny.onnx", { seed: 1 });
 * console.log(made.sha256);
 * ```
 */
export async function makeModel(name: string, file: string, options: MakeModelOptions = {}): Promise<MadeModel> {
  const known = modelNames.find((each) => each === name);
  if (known === undefined) {
    const names = modelNames.join(", ");
    throw new UnreelError("ERR_UNREEL_MODEL_NOT_FOUND", `There is no architecture named ${name}; there are ${names}`, {
      name,
      known: modelNames,
    });
  }
  const seed = checkSeed(options.seed ?? 1);
  const path = pathOf(file, "file");
  await refuseForeignFile(path);
  const content = known === "residual" ? residualModel() : seededModel(known, seed);
  const sha256 = createHash("sha256");
  await writeFileAtomic(
    path,
    watched(content, options, (part) => sha256.update(part)),
  );
  const written = { name: known, bytes: content.size, sha256: sha256.digest("hex") };
  return known === "residual" ? { ...written, seeded: false } : { ...written, seed, seeded: true };
}

function checkSeed(value: number): number {
  const seed = checkInteger(value, 0, "options.seed");
  if (seed > 0xffffffff) throw new UnreelRangeError(`options.seed must be at most 4294967295, not ${seed}`);
  return seed;
}

function residualModel(): Piece {
  return model(residualGraph(), {
    producer,
    description: "Noise residuals of luma tiles: shares of quantised neighbours, as in SPAM and SRM. A fixed formula.",
    opset: 17,
    metadata: { "unreel.preprocessing": "luma-tiles" },
  });
}

function seededModel(name: keyof typeof architectures, seed: number): Piece {
  return model(visionTransformer(architectures[name], seed), {
    producer,
    description: "CLIP image encoder with seeded random weights, for tests, speed and demos. Never trained.",
    opset: 17,
    metadata: { "unreel.seeded": "true", "unreel.seed": String(seed), "unreel.architecture": name },
  });
}

/** The content, with progress told, cancellation seen and the event loop given a turn between parts. */
async function* watched(content: Piece, options: MakeModelOptions, see: (part: Uint8Array) => void) {
  let writtenBytes = 0;
  for (const part of joined(content.chunks())) {
    if (options.signal?.aborted) {
      throw new UnreelError("ERR_UNREEL_ABORTED", "The operation was aborted.", {}, options.signal.reason);
    }
    see(part);
    yield part;
    writtenBytes += part.length;
    options.onProgress?.({ writtenBytes, totalBytes: content.size });
    await setImmediate();
  }
}

/** The same bytes in parts of 256 KiB to 1 MiB or so: graphs begin with thousands of fields of a few bytes. */
function* joined(parts: Iterable<Uint8Array>): Iterable<Uint8Array> {
  const smallest = 1 << 18;
  const buffer = new Uint8Array(smallest);
  let filled = 0;
  for (const part of parts) {
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

/** A file that is there may be replaced only if its first bytes say that unreel made it: weights are hard to get back. */
async function refuseForeignFile(path: string): Promise<void> {
  const file = await open(path, "r").catch(() => undefined);
  if (file === undefined) return;
  try {
    const kind = await file.stat();
    if (kind.isFile()) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(64), 0, 64, 0);
      if (bytesRead === 0 || buffer.subarray(0, bytesRead).includes(producer)) return;
    }
    const what = kind.isFile() ? "a file that unreel did not make" : "no file";
    throw new UnreelError("ERR_UNREEL_OUTPUT_EXISTS", `${path} is there already and is ${what}; choose another name`, {
      path,
    });
  } finally {
    await file.close();
  }
}
