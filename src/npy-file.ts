import { randomBytes } from "node:crypto";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { UnreelError, UnreelTypeError } from "./errors.js";
import { decodeNpyHeader, encodeNpyHeader, NPY_HEADER_BYTES } from "./features/npy.js";
import { readUserFile } from "./text-file.js";
import { pathOf } from "./validate.js";

/**
 * Writes items of one shape, one after the other, as a uint8 .npy array [N, ...shape]. Memory holds one item; the file
 * appears under its name in {@link finish}, and nothing stays behind of an unfinished one.
 */
export class NpyFileWriter implements AsyncDisposable {
  readonly #path: string;
  readonly #temporary: string;
  readonly #file: FileHandle;
  #shape: readonly number[] | undefined;
  #count = 0;
  #open = true;

  private constructor(path: string, temporary: string, file: FileHandle) {
    this.#path = path;
    this.#temporary = temporary;
    this.#file = file;
  }

  /** @throws UnreelError `ERR_UNREEL_OUTPUT_NOT_WRITABLE` */
  static async create(target: string): Promise<NpyFileWriter> {
    const path = pathOf(target, "out");
    const temporary = join(dirname(path), `.unreel-${process.pid}-${randomBytes(6).toString("hex")}.tmp`);
    try {
      const file = await open(temporary, "wx");
      await file.write(new Uint8Array(NPY_HEADER_BYTES));
      return new NpyFileWriter(path, temporary, file);
    } catch (error) {
      const why = `${path} cannot be written: ${String(error)}`;
      throw new UnreelError("ERR_UNREEL_OUTPUT_NOT_WRITABLE", why, { path }, error);
    }
  }

  /** Appends one item, C order. All items have the shape of the first. */
  async append(data: Uint8Array, shape: readonly number[]): Promise<void> {
    this.#shape ??= shape;
    if (this.#shape.join() !== shape.join()) {
      throw new UnreelTypeError(
        `an item has shape [${shape}], those before have [${this.#shape}]; an .npy array has one shape`,
      );
    }
    await this.#file.writeFile(data);
    this.#count++;
  }

  /** Writes the header and gives the file its name. `single`: the array is its one item, without the leading axis. */
  async finish({ single = false }: { readonly single?: boolean } = {}): Promise<void> {
    const item = this.#shape ?? [0];
    const header = encodeNpyHeader({ type: "|u1", shape: single ? item : [this.#count, ...item] });
    await this.#file.write(header, 0, header.length, 0);
    await this.#file.close();
    this.#open = false;
    await rename(this.#temporary, this.#path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#open) return;
    await this.#file.close();
    await rm(this.#temporary, { force: true });
  }
}

/** Reads a uint8 .npy file in C order. */
export async function readNpyFile(file: string): Promise<{ shape: readonly number[]; data: Uint8Array }> {
  const path = pathOf(file, "file");
  const bytes = await readUserFile(path);
  const header = decodeNpyHeader(bytes);
  if (typeof header === "string") throw new UnreelTypeError(`${path}: ${header}`);
  if (header.type !== "|u1") throw new UnreelTypeError(`${path} holds ${header.type}; pictures are uint8 (|u1)`);
  const data = bytes.subarray(header.dataOffset);
  const wanted = header.shape.reduce((product, side) => product * side, 1);
  if (data.length !== wanted)
    throw new UnreelTypeError(`${path} has ${data.length} bytes of data, its header says ${wanted}`);
  return { shape: header.shape, data };
}
