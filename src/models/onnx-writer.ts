import { type AttributeValue, encodeAttribute } from "./onnx/attribute.js";
import { dataType } from "./onnx/data-type.js";
import { type ExternalDataFile, isLong } from "./onnx/external-data.js";
import { metadataEntry, opsetImport } from "./onnx/model.js";
import { encodeTensor } from "./onnx/tensor.js";
import { OnnxValueInfo } from "./onnx/value-info.js";
import { bytes, concat, lengthField, type Piece, textField, varintField } from "./protobuf.js";
import { normalUnit, SeededRandom } from "./seeded-random.js";

/** An attribute of a node. Field numbers below are onnx.proto's (IR version 8). */
export type Attribute = AttributeValue;

/** A tensor in the graph's inputs or outputs; a dimension is a size or the name of an open axis. */
export interface ValueInfo {
  readonly name: string;
  readonly shape: readonly (number | string)[];
  /** Default float32. */
  readonly type?: "float32" | "uint8";
}

/** A message that has tensors: with their data in it, as a Piece, or with the long ones in a file of their own. */
export interface ModelContent extends Piece {
  /** The message; where `external` is given, long data is added to that instead. */
  encode(external?: ExternalDataFile): Piece;
}

/** Collects nodes and initializers of one graph. */
export class GraphWriter {
  readonly #nodes: Piece[] = [];
  readonly #initializers: ModelContent[] = [];

  /** Adds a node with one output, which also names the node; gives that name back. */
  node(type: string, inputs: readonly string[], output: string, attributes: Readonly<Record<string, Attribute>> = {}) {
    const message = concat([
      ...inputs.map((input) => textField(1, input)),
      textField(2, output),
      textField(3, output),
      textField(4, type),
      ...Object.entries(attributes).map(([name, value]) => lengthField(5, encodeAttribute(name, value))),
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
  graph(name: string, input: ValueInfo, output: ValueInfo): ModelContent {
    return content((external) =>
      concat([
        ...this.#nodes,
        textField(2, name),
        ...this.#initializers.map((tensor) => lengthField(5, tensor.encode(external))),
        lengthField(11, valueInfo(input)),
        lengthField(12, valueInfo(output)),
      ]),
    );
  }

  #initializer(name: string, dims: readonly number[], type: number, data: Piece) {
    this.#initializers.push(
      content((external) => encodeTensor({ name, dims, type }, data, isLong(data) ? external : undefined)),
    );
    return name;
  }
}

function content(encode: (external?: ExternalDataFile) => Piece): ModelContent {
  return { ...encode(), encode };
}

/** The ModelProto of a graph. `producer` is among its first bytes. */
export function model(
  graph: ModelContent,
  options: { producer: string; description: string; opset: number; metadata: Readonly<Record<string, string>> },
): ModelContent {
  const irVersion = 8;
  return content((external) =>
    concat([
      varintField(1, irVersion),
      textField(2, options.producer),
      textField(6, options.description),
      lengthField(7, graph.encode(external)),
      opsetImport("", options.opset).piece,
      ...Object.entries(options.metadata).map(([key, value]) => metadataEntry(key, value).piece),
    ]),
  );
}

function valueInfo({ name, shape, type = "float32" }: ValueInfo): Piece {
  return OnnxValueInfo.of(name, dataType[type], shape).encode();
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
