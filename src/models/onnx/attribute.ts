import { concat, floatField, lengthField, type Piece, textField, varintField } from "../protobuf.js";
import type { ByteRange } from "./byte-range.js";
import type { OnnxGraph } from "./graph.js";
import type { ReadContext } from "./read-context.js";
import { OnnxTensor } from "./tensor.js";
import { floatOf, numberOf, numbersOf, rangeOf, readFields, textOf } from "./wire.js";

/** A value that unreel gives to an attribute of a node. */
export type AttributeValue =
  | { readonly int: number }
  | { readonly ints: readonly number[] }
  | { readonly float: number }
  | { readonly text: string };

/** AttributeProto.AttributeType. */
const attributeType = { float: 1, int: 2, text: 3, ints: 7 } as const;

/** What an attribute holds; one of them. */
interface AttributeContent {
  readonly int?: number | undefined;
  readonly float?: number | undefined;
  readonly text?: string | undefined;
  readonly ints?: readonly number[];
  readonly tensor?: OnnxTensor | undefined;
  readonly graphs?: readonly OnnxGraph[];
}

/** An attribute of a node, as a file has it or as unreel wrote it. Immutable. */
export class OnnxAttribute {
  readonly name: string;
  readonly int: number | undefined;
  readonly float: number | undefined;
  /** Of a text attribute. */
  readonly text: string | undefined;
  readonly ints: readonly number[];
  readonly tensor: OnnxTensor | undefined;
  /** Bodies of If, Loop and Scan. */
  readonly graphs: readonly OnnxGraph[];
  readonly #encode: () => Piece;

  private constructor(name: string, content: AttributeContent, encode: () => Piece) {
    this.name = name;
    this.int = content.int;
    this.float = content.float;
    this.text = content.text;
    this.ints = content.ints ?? [];
    this.tensor = content.tensor;
    this.graphs = content.graphs ?? [];
    this.#encode = encode;
  }

  static of(name: string, value: AttributeValue): OnnxAttribute {
    return new OnnxAttribute(name, value, () => encodeAttribute(name, value));
  }

  /** Reads an AttributeProto. @throws UnreelError `ERR_UNREEL_MODEL_INVALID` */
  static async read(range: ByteRange, context: ReadContext): Promise<OnnxAttribute> {
    const ints: number[] = [];
    const parts: (() => Piece)[] = [];
    const content: { -readonly [K in keyof AttributeContent]: AttributeContent[K] } = { ints };
    const graphs: OnnxGraph[] = [];
    let name = "";
    for (const field of await readFields(range)) {
      let part = () => field.piece;
      if (field.number === 1) name = await textOf(field);
      else if (field.number === 2) content.float = await floatOf(field);
      else if (field.number === 3) content.int = numberOf(field);
      else if (field.number === 4) content.text = await textOf(field);
      else if (field.number === 8) ints.push(...(await numbersOf(field)));
      else if (field.number === 5) {
        const tensor = await OnnxTensor.read(rangeOf(field), context.folder);
        content.tensor = tensor;
        part = () => lengthField(5, tensor.encode());
      } else if (field.number === 6 || field.number === 11) {
        const graph = await context.readGraph(rangeOf(field));
        graphs.push(graph);
        part = () => lengthField(field.number, graph.encode());
      }
      parts.push(part);
    }
    return new OnnxAttribute(name, { ...content, graphs }, () => concat(parts.map((part) => part())));
  }

  /** Whether the AttributeProto can be written as it stood in the file. */
  get isWhole(): boolean {
    return this.graphs.length === 0 && this.tensor?.isWhole !== false;
  }

  /** The AttributeProto; everything in it stands in the same file. */
  encode(): Piece {
    return this.#encode();
  }
}

/** An AttributeProto. */
export function encodeAttribute(name: string, value: AttributeValue): Piece {
  if ("float" in value)
    return concat([textField(1, name), floatField(2, value.float), varintField(20, attributeType.float)]);
  if ("int" in value)
    return concat([textField(1, name), varintField(3, value.int), varintField(20, attributeType.int)]);
  if ("text" in value)
    return concat([textField(1, name), textField(4, value.text), varintField(20, attributeType.text)]);
  return concat([
    textField(1, name),
    ...value.ints.map((each) => varintField(8, each)),
    varintField(20, attributeType.ints),
  ]);
}
