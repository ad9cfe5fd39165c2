// Reads protobuf messages field by field (protobuf.dev, "Encoding"); long fields stay in the file.
import { bytes, lengthField, type Piece } from "../protobuf.js";
import { ByteRange, damaged, memorySource } from "./byte-range.js";

/** One field of a message as it stands in the file. */
export interface Field {
  readonly number: number;
  /** Wire type: 0 varint, 1 eight bytes, 2 length and bytes, 5 four bytes. */
  readonly wire: number;
  /** Of a varint, as an unsigned 64-bit number; else 0. */
  readonly value: bigint;
  /** The payload, without tag and length. */
  readonly content: ByteRange;
  /** The field with its tag, as it is written again. */
  readonly piece: Piece;
}

const windowBytes = 1 << 14;
const longestHead = 20;
const longestCopy = 1 << 12;
const longestText = 1 << 24;

/** More fields than any model's message has; damaged files that claim more would fill the memory. */
const mostFields = 1 << 22;

/**
 * The fields of the message in `range`, in order. Payloads up to 4 KiB are in memory, longer ones are ranges of the file.
 *
 * @throws UnreelError `ERR_UNREEL_MODEL_INVALID` with the place where the wire format breaks.
 */
export async function readFields(range: ByteRange): Promise<Field[]> {
  const window = new Window(range);
  const fields: Field[] = [];
  while (!window.atEnd) {
    if (fields.length === mostFields) throw window.fault("a message has more fields than a model can have");
    await window.hold(longestHead);
    const from = window.at;
    const tag = window.varint();
    const number = Number(tag >> 3n);
    const wire = Number(tag & 7n);
    if (number === 0 || number > 0x1fffffff) throw window.fault("a field has no valid number");
    const value = wire === 0 ? window.varint() : 0n;
    const size = window.payloadSize(wire);
    await window.hold(Math.min(size, longestCopy));
    const head = window.copy(from);
    const content = window.take(size);
    const piece = wire === 2 ? lengthField(number, content) : bytes(wire === 0 ? head : window.copy(from));
    fields.push({ number, wire, value, content, piece });
  }
  return fields;
}

/** A part of the range in memory, and the place that is read next. */
class Window {
  readonly #range: ByteRange;
  readonly #end: number;
  #bytes: Uint8Array;
  #begin: number;
  /** Offset in the range's source. */
  at: number;

  constructor(range: ByteRange) {
    this.#range = range;
    this.#end = range.begin + range.size;
    this.#bytes = range.source.memory ?? new Uint8Array(0);
    this.#begin = range.source.memory ? 0 : range.begin;
    this.at = range.begin;
  }

  get atEnd(): boolean {
    return this.at === this.#end;
  }

  /** Makes sure that the next `count` bytes, or those up to the end, are in memory. */
  async hold(count: number): Promise<void> {
    const end = Math.min(this.at + count, this.#end);
    if (this.at >= this.#begin && end <= this.#begin + this.#bytes.length) return;
    // A byte or two before the place stays: the head of the field that is being read.
    const begin = Math.max(this.#range.begin, this.at - longestHead);
    this.#bytes = await this.#range.source.read(begin, Math.min(windowBytes, this.#end - begin));
    this.#begin = begin;
  }

  varint(): bigint {
    let low = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#next();
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt(low);
    }
    let value = BigInt(low);
    for (let shift = 28n; shift < 70n; shift += 7n) {
      const byte = this.#next();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw this.fault("a number has more than ten bytes");
  }

  /** Length of what follows the tag; a varint has been read already. */
  payloadSize(wire: number): number {
    if (wire === 0) return 0;
    if (wire !== 1 && wire !== 2 && wire !== 5) throw this.fault(`a field has the unknown wire type ${wire}`);
    const size = wire === 2 ? this.varint() : wire === 1 ? 8n : 4n;
    if (size > BigInt(this.#end - this.at)) {
      throw this.fault(`a field of ${size} bytes stands where ${this.#end - this.at} are left`);
    }
    return Number(size);
  }

  /** The bytes from `from` up to the place, which are in memory. */
  copy(from: number): Uint8Array {
    return this.#bytes.slice(from - this.#begin, this.at - this.#begin);
  }

  /** The next `size` bytes; the place is behind them. Short ones are copied, so that no window is kept alive. */
  take(size: number): ByteRange {
    const { source } = this.#range;
    const from = this.at;
    this.at += size;
    if (source.memory || size > longestCopy) return new ByteRange(source, from, size);
    return ByteRange.all(memorySource(source.path, this.copy(from), source.origin + from));
  }

  fault(what: string): Error {
    return damaged(this.#range.source.path, this.#range.source.origin + this.at, what);
  }

  #next(): number {
    if (this.at >= this.#end) throw this.fault("a number breaks off");
    return this.#bytes[this.at++ - this.#begin] ?? 0;
  }
}

/** A text field's text. */
export async function textOf(field: Field): Promise<string> {
  expectWire(field, 2);
  if (field.content.size > longestText) throw fault(field, `a text has ${field.content.size} bytes`);
  return new TextDecoder().decode(await field.content.read());
}

/** A varint as the signed number that int32, int64 and enums stand for; beyond 2^53 it is rounded. */
export function numberOf(field: Field): number {
  expectWire(field, 0);
  return Number(BigInt.asIntN(64, field.value));
}

/** A single-precision number. */
export async function floatOf(field: Field): Promise<number> {
  expectWire(field, 5);
  const data = await field.content.read();
  return new DataView(data.buffer, data.byteOffset, 4).getFloat32(0, true);
}

/** Whole numbers of a repeated field, packed or not. */
export async function numbersOf(field: Field): Promise<number[]> {
  if (field.wire === 0) return [numberOf(field)];
  return (await varintsOf(field)).map((value) => Number(BigInt.asIntN(64, value)));
}

/** The varints of a packed field. */
export async function varintsOf(field: Field): Promise<bigint[]> {
  if (field.wire === 0) return [field.value];
  expectWire(field, 2);
  const memory = memorySource(field.content.source.path, await field.content.read(), field.content.place);
  const window = new Window(ByteRange.all(memory));
  const values: bigint[] = [];
  while (!window.atEnd) values.push(window.varint());
  return values;
}

/** A message's or raw bytes' field. */
export function rangeOf(field: Field): ByteRange {
  expectWire(field, 2);
  return field.content;
}

function expectWire(field: Field, wire: number): void {
  if (field.wire !== wire) throw fault(field, `field ${field.number} is of another kind than ONNX says`);
}

function fault(field: Field, what: string): Error {
  return damaged(field.content.source.path, field.content.place, what);
}
