import { readFile } from "node:fs/promises";
import { writeFileAtomic } from "./output-folder.js";

/** One tensor of a safetensors file. */
export interface Tensor {
  readonly shape: readonly number[];
  /** C order. */
  readonly data: Float32Array | Float64Array;
}

/** What a safetensors file holds. */
export interface TensorFile {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

const maxHeaderBytes = 100_000_000;

/** Writes tensors in the safetensors format: header length, JSON header, raw little-endian data. */
export async function writeSafetensors(path: string, file: TensorFile): Promise<void> {
  const header: Record<string, unknown> = { __metadata__: file.metadata };
  let offset = 0;
  for (const [name, { shape, data }] of file.tensors) {
    const dtype = data instanceof Float64Array ? "F64" : "F32";
    header[name] = { dtype, shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  const json = Buffer.from(JSON.stringify(header));
  // Spaces after the JSON align the data to 8 bytes, as the format recommends.
  const padding = Buffer.alloc((8 - (json.length % 8)) % 8, " ");
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length + padding.length));
  const parts = [...file.tensors.values()].map(({ data }) =>
    Buffer.from(data.buffer, data.byteOffset, data.byteLength),
  );
  await writeFileAtomic(path, Buffer.concat([length, json, padding, ...parts]));
}

/** Reads a safetensors file of float32 and float64 tensors. Throws a plain Error that says what is wrong with the bytes. */
export async function readSafetensors(path: string): Promise<TensorFile> {
  const bytes = await readFile(path);
  if (bytes.length < 8) throw new Error(`it has ${bytes.length} bytes, too few for a header`);
  const headerLength = Number(bytes.readBigUInt64LE(0));
  if (headerLength > maxHeaderBytes || 8 + headerLength > bytes.length) throw new Error("its header is cut off");
  const header: unknown = JSON.parse(bytes.toString("utf8", 8, 8 + headerLength));
  if (typeof header !== "object" || header === null) throw new Error("its header is no JSON object");
  const data = bytes.subarray(8 + headerLength);
  const tensors = new Map<string, Tensor>();
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(header)) {
    if (name === "__metadata__") metadata = value as Record<string, string>;
    else tensors.set(name, tensorOf(name, value, data));
  }
  return { tensors, metadata };
}

function tensorOf(name: string, value: unknown, data: Buffer): Tensor {
  const { dtype, shape, data_offsets: offsets } = value as { dtype?: unknown; shape?: unknown; data_offsets?: unknown };
  if (dtype !== "F32" && dtype !== "F64") throw new Error(`tensor ${name} is ${String(dtype)}, not F32 or F64`);
  const whole = (list: unknown): list is number[] =>
    Array.isArray(list) && list.every((each) => Number.isSafeInteger(each) && each >= 0);
  if (!whole(shape) || !whole(offsets)) throw new Error(`tensor ${name} has no shape or offsets`);
  const [begin = 0, end = 0] = offsets;
  const count = shape.reduce((product, side) => product * side, 1);
  const bytes = count * (dtype === "F64" ? 8 : 4);
  if (end > data.length || end - begin !== bytes) throw new Error(`tensor ${name} does not fit its bytes`);
  const { buffer } = new Uint8Array(data.subarray(begin, end));
  return { shape, data: dtype === "F64" ? new Float64Array(buffer) : new Float32Array(buffer) };
}
