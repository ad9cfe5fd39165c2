import { concat, lengthField, type Piece, textField } from "../protobuf.js";
import { type AttributeValue, OnnxAttribute } from "./attribute.js";
import type { ByteRange } from "./byte-range.js";
import { inOrder, type Numbered } from "./numbered.js";
import type { ReadContext } from "./read-context.js";
import { rangeOf, readFields, textOf } from "./wire.js";

/** What a node is made of. */
export interface NodeParts {
  readonly type: string;
  /** "" is ONNX's own; "com.microsoft" ONNX Runtime's. */
  readonly domain?: string;
  readonly name?: string;
  /** Names of values; "" for an optional input that is not given. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
}

/** One operation of a graph. Immutable; {@link OnnxNode.with} gives a changed copy. */
export class OnnxNode {
  readonly type: string;
  readonly domain: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, OnnxAttribute>;
  /** Fields beyond those here: doc string, overload, metadata. */
  readonly #rest: readonly Numbered[];
  /** The NodeProto as it stood in the file. */
  readonly #original: Piece | undefined;

  private constructor(
    parts: Omit<NodeParts, "attributes">,
    attributes: ReadonlyMap<string, OnnxAttribute>,
    rest: readonly Numbered[],
    original?: Piece,
  ) {
    this.type = parts.type;
    this.domain = parts.domain ?? "";
    this.name = parts.name ?? "";
    this.inputs = parts.inputs;
    this.outputs = parts.outputs;
    this.attributes = attributes;
    this.#rest = rest;
    this.#original = original;
  }

  /** A new node. A name, where it is given, no other node of the graph may have. */
  static of(parts: NodeParts): OnnxNode {
    const attributes = Object.entries(parts.attributes ?? {}).map(([name, value]): [string, OnnxAttribute] => [
      name,
      OnnxAttribute.of(name, value),
    ]);
    return new OnnxNode(parts, new Map(attributes), []);
  }

  /** Reads a NodeProto. @throws UnreelError `ERR_UNREEL_MODEL_INVALID` */
  static async read(range: ByteRange, context: ReadContext): Promise<OnnxNode> {
    const [inputs, outputs]: [string[], string[]] = [[], []];
    const attributes = new Map<string, OnnxAttribute>();
    const rest: Numbered[] = [];
    let [name, type, domain] = ["", "", ""];
    for (const field of await readFields(range)) {
      if (field.number === 1) inputs.push(await textOf(field));
      else if (field.number === 2) outputs.push(await textOf(field));
      else if (field.number === 3) name = await textOf(field);
      else if (field.number === 4) type = await textOf(field);
      else if (field.number === 7) domain = await textOf(field);
      else if (field.number === 5) {
        const attribute = await OnnxAttribute.read(rangeOf(field), context);
        attributes.set(attribute.name, attribute);
      } else rest.push(field);
    }
    return new OnnxNode({ name, type, domain, inputs, outputs }, attributes, rest, range);
  }

  /** Whether it is ONNX's own operator of that name. */
  is(type: string): boolean {
    return this.type === type && (this.domain === "" || this.domain === "ai.onnx");
  }

  /** A copy with other inputs or outputs. */
  with(changes: { readonly inputs?: readonly string[]; readonly outputs?: readonly string[] }): OnnxNode {
    const { type, domain, name, inputs, outputs } = this;
    return new OnnxNode({ type, domain, name, inputs, outputs, ...changes }, this.attributes, this.#rest);
  }

  /** Names of the values that it reads: its inputs, and what the graphs within it take from outside. */
  get reads(): string[] {
    const captured = [...this.attributes.values()].flatMap(({ graphs }) => graphs.flatMap((graph) => graph.captures));
    return [...this.inputs.filter((name) => name !== ""), ...captured];
  }

  /** The NodeProto. */
  encode(): Piece {
    const attributes = [...this.attributes.values()];
    if (this.#original !== undefined && attributes.every(({ isWhole }) => isWhole)) return this.#original;
    const known: Numbered[] = [
      ...this.inputs.map((input) => ({ number: 1, piece: textField(1, input) })),
      ...this.outputs.map((output) => ({ number: 2, piece: textField(2, output) })),
      ...(this.name === "" ? [] : [{ number: 3, piece: textField(3, this.name) }]),
      { number: 4, piece: textField(4, this.type) },
      ...attributes.map((each) => ({ number: 5, piece: lengthField(5, each.encode()) })),
      ...(this.domain === "" ? [] : [{ number: 7, piece: textField(7, this.domain) }]),
    ];
    return concat(inOrder([...known, ...this.#rest]));
  }
}
