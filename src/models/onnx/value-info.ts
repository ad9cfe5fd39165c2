import { concat, lengthField, type Piece, textField, varintField } from "../protobuf.js";
import type { ByteRange } from "./byte-range.js";
import { type Field, numberOf, rangeOf, readFields, textOf } from "./wire.js";

/** A dimension: a size, the name of an open axis, or nothing known. */
export type Dimension = number | string | undefined;

/** What a graph says of a value: its inputs, its outputs, and others that an exporter annotated. Immutable. */
export class OnnxValueInfo {
  readonly name: string;
  /** TensorProto.DataType; 0 where it is no tensor. */
  readonly type: number;
  /** undefined where the file says nothing of it. */
  readonly shape: readonly Dimension[] | undefined;
  readonly #piece: Piece;

  private constructor(name: string, type: number, shape: readonly Dimension[] | undefined, piece: Piece) {
    this.name = name;
    this.type = type;
    this.shape = shape;
    this.#piece = piece;
  }

  static of(name: string, type: number, shape: readonly (number | string)[]): OnnxValueInfo {
    const dims = shape.map((size) =>
      lengthField(1, typeof size === "number" ? varintField(1, size) : textField(2, size)),
    );
    const tensor = concat([varintField(1, type), lengthField(2, concat(dims))]);
    return new OnnxValueInfo(name, type, shape, concat([textField(1, name), lengthField(2, lengthField(1, tensor))]));
  }

  /** Reads a ValueInfoProto. @throws UnreelError `ERR_UNREEL_MODEL_INVALID` */
  static async read(range: ByteRange): Promise<OnnxValueInfo> {
    const fields = await readFields(range);
    const name = await lastText(fields, 1);
    let [type, shape]: [number, Dimension[]?] = [0];
    for (const tensor of await messagesIn(await messagesIn([fields], 2), 1)) {
      const kind = tensor.find(({ number }) => number === 1);
      if (kind) type = numberOf(kind);
      if (tensor.some(({ number }) => number === 2)) shape = [];
      for (const dims of await messagesIn([tensor], 2)) {
        for (const dim of await messagesIn([dims], 1)) shape?.push(await dimension(dim));
      }
    }
    return new OnnxValueInfo(name, type, shape, range);
  }

  /** The ValueInfoProto. */
  encode(): Piece {
    return this.#piece;
  }
}

async function messagesIn(messages: readonly (readonly Field[])[], number: number): Promise<Field[][]> {
  const wanted = messages.flat().filter((field) => field.number === number && field.wire === 2);
  return Promise.all(wanted.map((field) => readFields(rangeOf(field))));
}

async function lastText(fields: readonly Field[], number: number): Promise<string> {
  const field = fields.findLast((each) => each.number === number);
  return field === undefined ? "" : textOf(field);
}

async function dimension(fields: readonly Field[]): Promise<Dimension> {
  const size = fields.find(({ number }) => number === 1);
  if (size !== undefined) return numberOf(size);
  const name = fields.find(({ number }) => number === 2);
  return name === undefined ? undefined : textOf(name);
}
