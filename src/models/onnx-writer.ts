import { bytes, concat, floatField, lengthField, type Piece, packedField, textField, varintField } from "./protobuf.js";
import { normalUnit, SeededRandom } from "./seeded-random.js";

/** An attribute of a node. Field numbers below are onnx.proto's (IR version 8). */
export type Attribute =
  | { readonly int: number }
  | { readonly ints: readonly number[] }
  | { readonly float: number }
  | { readonly text: string };

/** A tensor in the graph's inputs or outputs; a dimension is a size or the name of an open axis. */
export interface ValueInfo {
  readonly name: string;
  readonly shape: readonly (number | string)[];
  /** Default float32. */
  readonly type?: "float32" | "uint8";
}

const dataType = { float32: 1, uint8: 2, int64: 7 } as const;
const attributeType = { float: 1, int: 2, text: 3, ints: 7 } as const;

/** Collects nodes and initializers of one graph. */
export class GraphWriter {
  readonly #nodes: Piece[] = [];
  readonly #initializers: Piece[] = [];

  /** Adds a node with one output, which also names the node; gives that name back. */
  node(type: string, inputs: readonly string[], output: string, attributes: Readonly<Record<string, Attribute>> = {}) {
    const message = concat([
      ...inputs.map((input) => textField(1, input)),
      textField(2, output),
      textField(3, output),
      textField(4, type),
      ...Object.entries(attributes).map(([name, value]) => lengthField(5, attribute(name, value))),
    ]);
    this.#nodes.push(lengthField(1, message));
    return output;
  }

  /** A tensor of whole numbers: shapes, axes, indices. `dims` [] is a scalar. */
  int64(name: string, values: readonly number[], dims: readonly number[] = [values.length]) {
    const data = new DataView(new ArrayBuffer(values.length * 8));
    values.forEach((value, i) => {
      data.setBigInt64(i * 8, BigInt(value), true);
    });
    return this.#initializer(name, dims, dataType.int64, bytes(new Uint8Array(data.buffer)));
  }

  /** A scalar real number. */
  float32(name: string, value: number) {
    return this.floats(name, [value], []);
  }

  /** A tensor of real numbers. */
  floats(name: string, values: readonly number[], dims: readonly number[] = [values.length]) {
    const data = new DataView(new ArrayBuffer(values.length * 4));
    values.forEach((value, i) => {
      data.setFloat32(i * 4, value, true);
    });
    return this.#initializer(name, dims, dataType.float32, bytes(new Uint8Array(data.buffer)));
  }

  /** A tensor of seeded, nearly normal numbers; made chunk by chunk when the model is written. */
  seeded(
    name: string,
    dims: readonly number[],
    seed: number,
    { mean, deviation }: { mean: number; deviation: number },
  ) {
    return this.#initializer(name, dims, dataType.float32, seededFloats(seed, name, product(dims), mean, deviation));
  }

  /** The GraphProto. */
  graph(name: string, input: ValueInfo, output: ValueInfo): Piece {
    return concat([
      ...this.#nodes,
      textField(2, name),
      ...this.#initializers,
      lengthField(11, valueInfo(input)),
      lengthField(12, valueInfo(output)),
    ]);
  }

  #initializer(name: string, dims: readonly number[], type: number, data: Piece) {
    const shape = dims.length === 0 ? [] : [packedField(1, dims)];
    const message = concat([...shape, varintField(2, type), textField(8, name), lengthField(9, data)]);
    this.#initializers.push(lengthField(5, message));
    return name;
  }
}

/** The ModelProto of a graph. `producer` is among its first bytes. */
export function model(
  graph: Piece,
  options: { producer: string; description: string; opset: number; metadata: Readonly<Record<string, string>> },
): Piece {
  const irVersion = 8;
  return concat([
    varintField(1, irVersion),
    textField(2, options.producer),
    textField(6, options.description),
    lengthField(7, graph),
    lengthField(8, concat([textField(1, ""), varintField(2, options.opset)])),
    ...Object.entries(options.metadata).map(([key, value]) =>
      lengthField(14, concat([textField(1, key), textField(2, value)])),
    ),
  ]);
}

function attribute(name: string, value: Attribute): Piece {
  if ("float" in value)
    return concat([textField(1, name), floatField(2, value.float), varintField(20, attributeType.float)]);
  if ("text" in value)
    return concat([textField(1, name), textField(4, value.text), varintField(20, attributeType.text)]);
  if ("int" in value)
    return concat([textField(1, name), varintField(3, value.int), varintField(20, attributeType.int)]);
  return concat([
    textField(1, name),
    ...value.ints.map((each) => varintField(8, each)),
    varintField(20, attributeType.ints),
  ]);
}

function valueInfo({ name, shape, type = "float32" }: ValueInfo): Piece {
  const dims = shape.map((size) =>
    lengthField(1, typeof size === "number" ? varintField(1, size) : textField(2, size)),
  );
  const tensor = concat([varintField(1, dataType[type]), lengthField(2, concat(dims))]);
  return concat([textField(1, name), lengthField(2, lengthField(1, tensor))]);
}

/** IEEE arithmetic in a fixed order and little-endian bytes: the same on every machine. */
function seededFloats(seed: number, stream: string, count: number, mean: number, deviation: number): Piece {
  const floatsPerChunk = 1 << 18;
  const scale = deviation / normalUnit;
  return {
    size: count * 4,
    *chunks() {
      const random = new SeededRandom(seed, stream);
      const chunk = new DataView(new ArrayBuffer(Math.min(count, floatsPerChunk) * 4));
      for (let done = 0; done < count; done += floatsPerChunk) {
        const length = Math.min(floatsPerChunk, count - done) * 4;
        for (let at = 0; at < length; at += 4) chunk.setFloat32(at, mean + random.normalInteger() * scale, true);
        yield new Uint8Array(chunk.buffer, 0, length);
      }
    },
  };
}

function product(dims: readonly number[]): number {
  return dims.reduce((result, size) => result * size, 1);
}
