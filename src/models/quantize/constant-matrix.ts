import { dataType, type OnnxGraph, type OnnxNode, type OnnxTensor } from "../onnx/index.js";
import type { MatrixLayout } from "./int8-matrix.js";

/** A constant of two dimensions that a graph multiplies with, wherever it stands. */
export interface ConstantMatrix {
  /** The same for the same numbers in the same layout. */
  readonly key: string;
  readonly tensor: OnnxTensor;
  readonly layout: MatrixLayout;
  /** Data type that the graph multiplies with; the tensor may be stored in another. */
  readonly type: number;
}

/** A constant of any shape, and what the graph makes of it before it is used. */
interface Constant {
  readonly tensor: OnnxTensor;
  readonly type: number;
  readonly transposed: boolean;
}

const longestChain = 16;

/** Finds constants behind Constant, Identity, Cast between floats, and Transpose of two dimensions. */
export class ConstantFinder {
  readonly #graph: OnnxGraph;
  readonly #producers: ReadonlyMap<string, OnnxNode>;

  constructor(graph: OnnxGraph) {
    this.#graph = graph;
    this.#producers = graph.producers();
  }

  /** The constant of inputs x outputs under a name (outputs x inputs where `transposed`); undefined where it is none. */
  matrix(name: string, transposed: boolean): ConstantMatrix | undefined {
    const constant = this.#constant(name);
    if (constant === undefined || constant.tensor.dims.length !== 2) return undefined;
    const [rows = 0, columns = 0] = constant.tensor.dims;
    const byOutput = constant.transposed !== transposed;
    const layout = byOutput
      ? { inputs: columns, outputs: rows, inputStride: 1, outputStride: columns }
      : { inputs: rows, outputs: columns, inputStride: columns, outputStride: 1 };
    return { key: keyOf(constant, byOutput), tensor: constant.tensor, layout, type: constant.type };
  }

  /** The kernels of a convolution, [outputs, channels, height, width], as inputs x outputs. */
  kernels(name: string): ConstantMatrix | undefined {
    const constant = this.#constant(name);
    if (constant === undefined || constant.transposed || constant.tensor.dims.length !== 4) return undefined;
    const [outputs = 0, ...window] = constant.tensor.dims;
    const inputs = window.reduce((product, size) => product * size, 1);
    const layout = { inputs, outputs, inputStride: 1, outputStride: inputs };
    return { key: keyOf(constant, true), tensor: constant.tensor, layout, type: constant.type };
  }

  #constant(name: string, depth = 0): Constant | undefined {
    const tensor = this.#graph.initializers.get(name);
    if (tensor !== undefined) return tensor.isFloat ? { tensor, type: tensor.type, transposed: false } : undefined;
    const node = this.#producers.get(name);
    if (node === undefined || depth === longestChain) return undefined;
    if (node.is("Constant")) return constantNode(node);
    const inner = this.#constant(node.inputs[0] ?? "", depth + 1);
    if (inner === undefined) return undefined;
    if (node.is("Identity")) return inner;
    if (node.is("Cast")) return castTo(inner, node.attributes.get("to")?.int ?? 0);
    return node.is("Transpose") ? transposed(inner, node) : undefined;
  }
}

const floats: ReadonlySet<number> = new Set([dataType.float32, dataType.float16, dataType.bfloat16, dataType.float64]);

function constantNode(node: OnnxNode): Constant | undefined {
  const tensor = node.attributes.get("value")?.tensor;
  if (tensor === undefined || !tensor.isFloat) return undefined;
  // Inside a node a tensor may have no name of its own.
  return { tensor: tensor.renamed(node.outputs[0] ?? ""), type: tensor.type, transposed: false };
}

function castTo(constant: Constant, type: number): Constant | undefined {
  return floats.has(type) ? { ...constant, type } : undefined;
}

function transposed(constant: Constant, node: OnnxNode): Constant | undefined {
  if (constant.tensor.dims.length !== 2) return undefined;
  const order = node.attributes.get("perm")?.ints ?? [1, 0];
  return { ...constant, transposed: constant.transposed !== (order[0] !== 0) };
}

function keyOf({ tensor }: Constant, byOutput: boolean): string {
  return `${tensor.name}${byOutput ? "/by-output" : ""}`;
}
