// Tensor data in files beside the .onnx file: ONNX's "external data".
import { type FileHandle, open, realpath } from "node:fs/promises";
import { dirname, isAbsolute, join, relative, sep } from "node:path";
import { UnreelError } from "../../errors.js";
import { bytes, concat, lengthField, type Piece, textField } from "../protobuf.js";
import { ByteRange, type ByteSource, fileSource } from "./byte-range.js";

/** The files beside a model that its tensors name. Opens each once; close it when nothing reads any more. */
export class ExternalFolder {
  readonly #model: string;
  readonly #files = new Map<string, Promise<{ readonly file: FileHandle; readonly source: ByteSource }>>();

  constructor(model: string) {
    this.#model = model;
  }

  /**
   * A tensor's bytes.
   *
   * @param length undefined for all up to the end of the file
   * @throws UnreelError `ERR_UNREEL_MODEL_INVALID` where the file is not there, lies outside the model's folder, or is
   * too short.
   */
  async range(tensor: string, location: string, offset: number, length: number | undefined): Promise<ByteRange> {
    const { source } = await this.#file(tensor, location);
    const size = length ?? source.size - offset;
    if (offset < 0 || size < 0 || offset + size > source.size) {
      const found = `bytes ${offset} to ${offset + size} of ${location}, which has ${source.size}`;
      throw this.#fault(tensor, `lies in ${found}: fetch both files again`);
    }
    return new ByteRange(source, offset, size);
  }

  /** Names of the files, as the tensors have them, sorted. */
  get names(): string[] {
    return [...this.#files.keys()].sort();
  }

  /** Of all files. */
  async bytes(): Promise<number> {
    let sum = 0;
    for (const opening of this.#files.values()) sum += (await opening).source.size;
    return sum;
  }

  async close(): Promise<void> {
    const files = [...this.#files.values()];
    this.#files.clear();
    for (const opening of files) await (await opening.catch(() => undefined))?.file.close();
  }

  #file(tensor: string, location: string) {
    let opening = this.#files.get(location);
    if (opening === undefined) {
      opening = this.#open(tensor, location);
      opening.catch(() => undefined);
      this.#files.set(location, opening);
    }
    return opening;
  }

  async #open(tensor: string, location: string) {
    const folder = dirname(this.#model);
    if (
      location === "" ||
      location.includes("\0") ||
      !isInside(folder, join(folder, location)) ||
      isAbsolute(location)
    ) {
      throw this.#outside(tensor, location);
    }
    const path = await realpath(join(folder, location)).catch(() => undefined);
    if (path === undefined) throw this.#fault(tensor, `lies in ${location}, which is not beside the model`);
    // A hub's cache keeps links to model and data; there the data lies beside what the model's link leads to.
    const homes = [await realpath(folder), dirname(await realpath(this.#model))];
    if (!homes.some((home) => isInside(home, path))) throw this.#outside(tensor, location);
    const file = await open(path, "r");
    const info = await file.stat();
    if (info.isFile()) return { file, source: fileSource(path, file, info.size) };
    await file.close();
    throw this.#fault(tensor, `lies in ${location}, which is no file`);
  }

  #outside(tensor: string, location: string): UnreelError {
    return this.#fault(tensor, `lies in ${location}, outside the model's folder; such files are not read`);
  }

  #fault(tensor: string, what: string): UnreelError {
    return new UnreelError("ERR_UNREEL_MODEL_INVALID", `${this.#model}: the tensor ${tensor} ${what}`, {
      path: this.#model,
      tensor,
    });
  }
}

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== "" && way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

const smallestExternal = 1024;

/** Whether data goes into a file of its own; shorter data stays in the .onnx file, where shape inference looks for it. */
export function isLong(data: Piece): boolean {
  return data.size >= smallestExternal;
}

/** Pages, so that a reader may map each tensor. */
const alignment = 4096;

/** Collects the data of one file beside a model that is being written. */
export class ExternalDataFile {
  /** As the model names it: a plain file name. */
  readonly name: string;
  readonly #pieces: Piece[] = [];
  #size = 0;

  constructor(name: string) {
    this.name = name;
  }

  get size(): number {
    return this.#size;
  }

  /** Puts data at the end; the fields of a TensorProto that say where it lies. */
  add(data: Piece): Piece {
    const padding = (alignment - (this.#size % alignment)) % alignment;
    const offset = this.#size + padding;
    this.#pieces.push(bytes(new Uint8Array(padding)), data);
    this.#size = offset + data.size;
    const entry = (key: string, value: string) => lengthField(13, concat([textField(1, key), textField(2, value)]));
    return concat([
      entry("location", this.name),
      entry("offset", String(offset)),
      entry("length", String(data.size)),
      bytes(Uint8Array.from([14 * 8, 1])),
    ]);
  }

  content(): Piece {
    return concat(this.#pieces);
  }
}
