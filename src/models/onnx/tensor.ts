import { decodeFloat16 } from "../../features/float16.js";
import { concat, gather, lengthField, type Piece, packedField, textField, varintField } from "../protobuf.js";
import { type ByteRange, damaged } from "./byte-range.js";
import { dataType, rawBytes } from "./data-type.js";
import { type ExternalDataFile, type ExternalFolder, isLong } from "./external-data.js";
import { type Field, numberOf, numbersOf, rangeOf, readFields, textOf, varintsOf } from "./wire.js";

/** What a tensor is, beside its data. */
export interface TensorHead {
  readonly name: string;
  /** A TensorProto.DataType; see `dataType`. */
  readonly type: number;
  /** [] is a scalar. */
  readonly dims: readonly number[];
}

/** A constant: an initializer, or a Constant node's value. Immutable. Its data stays in the file until it is read. */
export class OnnxTensor implements TensorHead {
  readonly name: string;
  readonly type: number;
  readonly dims: readonly number[];
  /** Elements as little-endian bytes, as `raw_data` has them; undefined for strings. */
  readonly data: Piece | undefined;
  /** The TensorProto as it stood in the file, where it stands as it was and is whole in itself. */
  readonly #original: Piece | undefined;
  /** Fields beyond those here: doc string, metadata. */
  readonly #rest: readonly Piece[];

  private constructor(head: TensorHead, data: Piece | undefined, rest: readonly Piece[], original?: Piece) {
    this.name = head.name;
    this.type = head.type;
    this.dims = head.dims;
    this.data = data;
    this.#rest = rest;
    this.#original = original;
  }

  /** A new tensor; `data` has the bytes of all its elements, little-endian. */
  static of(head: TensorHead, data: Piece | Uint8Array): OnnxTensor {
    const piece = data instanceof Uint8Array ? { size: data.length, chunks: () => [data] } : data;
    return new OnnxTensor(head, piece, []);
  }

  /** A float32 tensor. */
  static floats(name: string, dims: readonly number[], values: Float32Array | readonly number[]): OnnxTensor {
    const data = new DataView(new ArrayBuffer(values.length * 4));
    values.forEach((value, i) => {
      data.setFloat32(i * 4, value, true);
    });
    return OnnxTensor.of({ name, type: dataType.float32, dims }, new Uint8Array(data.buffer));
  }

  /** An int64 tensor: shapes, axes. */
  static integers(name: string, values: readonly number[], dims: readonly number[] = [values.length]): OnnxTensor {
    const data = new DataView(new ArrayBuffer(values.length * 8));
    values.forEach((value, i) => {
      data.setBigInt64(i * 8, BigInt(value), true);
    });
    return OnnxTensor.of({ name, type: dataType.int64, dims }, new Uint8Array(data.buffer));
  }

  /** Reads a TensorProto. @throws UnreelError `ERR_UNREEL_MODEL_INVALID` */
  static async read(range: ByteRange, folder: ExternalFolder): Promise<OnnxTensor> {
    const fields = await readFields(range);
    const head = await readHead(fields);
    const rest = fields.filter(({ number }) => !knownFields.has(number)).map(({ piece }) => piece);
    const external = await externalData(fields, head, folder);
    const data = external ?? localData(fields, head);
    checkSize(range, head, data);
    if (external !== undefined) return new OnnxTensor(head, data, rest);
    return new OnnxTensor(head, data, data === undefined ? [...rest, ...dataPieces(fields)] : rest, range);
  }

  get elements(): number {
    return product(this.dims);
  }

  /** Whether the TensorProto can be written as it stood in the file: nothing of it lies elsewhere. */
  get isWhole(): boolean {
    return this.#original !== undefined;
  }

  renamed(name: string): OnnxTensor {
    return new OnnxTensor({ name, type: this.type, dims: this.dims }, this.data, this.#rest);
  }

  /** All elements as little-endian bytes. @throws UnreelError `ERR_UNREEL_MODEL_INVALID`, `ERR_UNREEL_IO` */
  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    if (this.data === undefined) throw new TypeError(`the tensor ${this.name} holds strings`);
    return gather(this.data);
  }

  /** Whether {@link floatValues} reads this type. */
  get isFloat(): boolean {
    return [dataType.float32, dataType.float16, dataType.bfloat16, dataType.float64].some((type) => type === this.type);
  }

  /** All elements of a float tensor; float64 is rounded. */
  async floatValues(): Promise<Float32Array> {
    const raw = await this.bytes();
    switch (this.type) {
      case dataType.float32:
        return new Float32Array(raw.buffer);
      case dataType.float16:
        return decodeFloat16(new Uint16Array(raw.buffer));
      case dataType.bfloat16:
        return new Float32Array(Uint32Array.from(new Uint16Array(raw.buffer), (half) => half << 16).buffer);
      case dataType.float64:
        return Float32Array.from(new Float64Array(raw.buffer));
      default:
        throw new TypeError(`the tensor ${this.name} is of type ${this.type}, not of floats`);
    }
  }

  /** All elements of an int64 or int32 tensor; beyond 2^53 they are rounded. */
  async integerValues(): Promise<number[]> {
    const raw = await this.bytes();
    if (this.type === dataType.int64) return Array.from(new BigInt64Array(raw.buffer), Number);
    if (this.type === dataType.int32) return Array.from(new Int32Array(raw.buffer));
    throw new TypeError(`the tensor ${this.name} is of type ${this.type}, not of whole numbers`);
  }

  /** The TensorProto. Long data goes into `external`, where there is one, and never stays in another file. */
  encode(external?: ExternalDataFile): Piece {
    const { data } = this;
    const outside = external !== undefined && data !== undefined && isLong(data);
    if (this.#original !== undefined && !outside) return this.#original;
    return concat([encodeTensor(this, data, outside ? external : undefined), ...this.#rest]);
  }
}

/** A TensorProto; its data as `raw_data`, or in `external`. */
export function encodeTensor(head: TensorHead, data: Piece | undefined, external?: ExternalDataFile): Piece {
  const shape = head.dims.length === 0 ? [] : [packedField(1, head.dims)];
  const content = data === undefined ? [] : [external ? external.add(data) : lengthField(9, data)];
  return concat([...shape, varintField(2, head.type), textField(8, head.name), ...content]);
}

const dataFields: ReadonlySet<number> = new Set([4, 5, 6, 7, 9, 10, 11]);
const knownFields: ReadonlySet<number> = new Set([1, 2, 8, 13, 14, ...dataFields]);
const mostElements = 2 ** 40;

function product(dims: readonly number[]): number {
  return dims.reduce((result, size) => result * size, 1);
}

async function readHead(fields: readonly Field[]): Promise<TensorHead> {
  let [name, type]: [string, number] = ["", 0];
  const dims: number[] = [];
  for (const field of fields) {
    if (field.number === 1) dims.push(...(await numbersOf(field)));
    if (field.number === 2) type = numberOf(field);
    if (field.number === 8) name = await textOf(field);
    const first = field.content;
    if (dims.some((size) => size < 0) || product(dims) > mostElements) {
      throw damaged(first.source.path, first.place, `a tensor has the shape [${dims.slice(0, 8).join(", ")}]`);
    }
  }
  return { name, type, dims };
}

async function externalData(fields: readonly Field[], head: TensorHead, folder: ExternalFolder) {
  if (!fields.some((field) => field.number === 14 && field.value === 1n)) return undefined;
  const entries = new Map<string, string>();
  for (const field of fields) {
    if (field.number !== 13) continue;
    const texts = new Map<number, string>();
    for (const each of await readFields(rangeOf(field))) texts.set(each.number, await textOf(each));
    entries.set(texts.get(1) ?? "", texts.get(2) ?? "");
  }
  const wholeNumber = (key: string) => {
    const text = entries.get(key);
    return text === undefined ? undefined : Number(/^\d{1,15}$/.test(text) ? text : -1);
  };
  return folder.range(head.name, entries.get("location") ?? "", wholeNumber("offset") ?? 0, wholeNumber("length"));
}

/** The data in the message itself, whatever field it stands in; undefined for strings. */
function localData(fields: readonly Field[], head: TensorHead): Piece | undefined {
  const raw = fields.findLast(({ number }) => number === 9);
  if (raw !== undefined) return rangeOf(raw);
  const typed = fields.filter(({ number }) => number === 4 || number === 10);
  if (typed.length > 0) return concat(typed.map(({ content }) => content));
  if (fields.some(({ number }) => number === 6) || head.type === 8) return undefined;
  const size = rawBytes(head.type, product(head.dims));
  if (size === undefined) return undefined;
  const varints = fields.filter(({ number }) => number === 5 || number === 7 || number === 11);
  if (varints.length === 0) return { size: 0, chunks: () => [] };
  return { size, chunks: () => narrowed(varints, size) };
}

/** Numbers that stand as varints, as the bytes of their own type: `int32_data` holds int8, bool, float16 and others too. */
async function* narrowed(fields: readonly Field[], size: number): AsyncIterable<Uint8Array> {
  const values: bigint[] = [];
  for (const field of fields) for (const value of await varintsOf(field)) values.push(value);
  const width = values.length === 0 ? 0 : size / values.length;
  const last = fields.at(-1)?.content;
  if (![1, 2, 4, 8].includes(width)) {
    throw damaged(last?.source.path ?? "", last?.place ?? 0, `${values.length} numbers stand for ${size} bytes`);
  }
  const data = new DataView(new ArrayBuffer(size));
  values.forEach((value, i) => {
    if (width === 8) data.setBigUint64(i * 8, value, true);
    else if (width === 4) data.setUint32(i * 4, Number(value & 0xffffffffn), true);
    else if (width === 2) data.setUint16(i * 2, Number(value & 0xffffn), true);
    else data.setUint8(i, Number(value & 0xffn));
  });
  yield new Uint8Array(data.buffer);
}

function checkSize(range: ByteRange, head: TensorHead, data: Piece | undefined): void {
  const wanted = rawBytes(head.type, product(head.dims));
  if (data === undefined || wanted === undefined || data.size === wanted) return;
  const shape = head.dims.join(", ");
  const what = `the tensor ${head.name} has ${data.size} bytes of data where its shape [${shape}] asks for ${wanted}`;
  throw damaged(range.source.path, range.place, what);
}

function dataPieces(fields: readonly Field[]): Piece[] {
  return fields.filter(({ number }) => dataFields.has(number)).map(({ piece }) => piece);
}
