import {
  type AttributeValue,
  dataType,
  type NodeParts,
  type OnnxGraph,
  type OnnxModel,
  OnnxNode,
  OnnxTensor,
} from "../onnx/index.js";
import type { Piece } from "../protobuf.js";
import type { ConstantMatrix } from "./constant-matrix.js";
import { quantized } from "./int8-matrix.js";
import type { Layer } from "./layers.js";

/** The largest size of an 8-bit activation, which stands for the largest size of its row. */
const most = 127;
/** What an activation of 0 is stored as. */
const zeroPoint = 128;
/** Stands for the largest size of a row of zeros. */
const smallestPeak = 1e-30;

/**
 * Lets layers of a model run in 8 bits. Each row of activations, a token, has its own scale, taken when it is there:
 *
 *     peak = max |x| of the row;  q = round(127 x / peak) + 128 as uint8
 *     y = (q - 128) W8 (32-bit sums) * weight scale of the column * peak / 127
 *
 * so a row's result depends on that row alone, whatever stands beside it in the batch; `DynamicQuantizeLinear` would take
 * one scale for all. The product is ONNX Runtime's MatMulIntegerToFloat, which runs on VNNI where the CPU has it.
 *
 * @param scales of each layer's weights, by {@link ConstantMatrix.key}
 */
export function quantizeGraph(
  model: OnnxModel,
  layers: readonly Layer[],
  scales: ReadonlyMap<string, Float32Array>,
): void {
  const byNode = new Map(layers.map((layer) => [layer.node, layer]));
  const rewriter = new Rewriter(model.graph, model.opset, scales);
  model.graph.nodes = model.graph.nodes.flatMap((node) => {
    const layer = byNode.get(node);
    return layer === undefined ? [node] : rewriter.layer(layer);
  });
  model.opsets.set("com.microsoft", 1);
  model.graph.prune();
}

/** A row-wise quantised value: its 8-bit numbers, and the factor of each row. */
interface Rows {
  readonly numbers: string;
  readonly factors: string;
}

class Rewriter {
  readonly #graph: OnnxGraph;
  readonly #opset: number;
  readonly #scales: ReadonlyMap<string, Float32Array>;
  readonly #taken: Set<string>;
  readonly #constants = new Map<string, string>();
  readonly #rows = new Map<string, Rows>();
  #nodes: OnnxNode[] = [];

  constructor(graph: OnnxGraph, opset: number, scales: ReadonlyMap<string, Float32Array>) {
    this.#graph = graph;
    this.#opset = opset;
    this.#scales = scales;
    this.#taken = new Set([
      ...graph.initializers.keys(),
      ...graph.inputs.map(({ name }) => name),
      ...graph.nodes.flatMap((node) => [...node.outputs, ...node.reads]),
    ]);
  }

  /** The nodes that stand in the place of a layer's. */
  layer(layer: Layer): OnnxNode[] {
    this.#nodes = [];
    if (layer.window !== undefined) this.#convolution(layer, layer.window);
    else if (layer.node.type === "Attention") this.#attention(layer);
    else if (layer.node.is("Gemm")) this.#gemm(layer);
    else this.#product(layer.node.inputs[0] ?? "", layer.weights, 1, output(layer.node));
    return this.#nodes;
  }

  /** alpha x W + beta c */
  #gemm({ node, weights }: Layer): void {
    const [x = "", , bias = ""] = node.inputs;
    const factor = (name: string) => node.attributes.get(name)?.float ?? 1;
    const beta = factor("beta");
    const y = output(node);
    const plain = bias === "" || beta === 0;
    const products = plain ? y : this.#name(y, "products");
    this.#product(x, weights, factor("alpha"), products);
    if (!plain) this.#emit("Add", [products, beta === 1 ? bias : this.#scaled(bias, beta, weights.type, y)], y);
  }

  /** x scaled by a number, both of a float type. */
  #scaled(x: string, factor: number, type: number, base: string): string {
    const wide = this.#floatOf(x, type, base);
    const scaled = this.#emit("Mul", [wide, this.#float("beta", factor)], this.#name(base, "scaled"));
    return type === dataType.float32 ? scaled : this.#cast(scaled, type, this.#name(base, "narrow"));
  }

  /** Patches as rows, their product with the kernels, and the rows as an image again: what the convolution gives. */
  #convolution({ node, weights }: Layer, { channels, grid, patch }: NonNullable<Layer["window"]>): void {
    const [x = "", , bias = ""] = node.inputs;
    const y = output(node);
    const { inputs, outputs } = weights.layout;
    const shape = (...sizes: readonly number[]) => this.#integers(sizes);
    const split = shape(-1, channels, grid[0], patch[0], grid[1], patch[1]);
    const cut = this.#emit("Reshape", [x, split], this.#name(y, "cut"));
    const order = { perm: { ints: [0, 2, 4, 1, 3, 5] } };
    const patches = this.#emit("Transpose", [cut], this.#name(y, "patches"), order);
    const rows = this.#emit("Reshape", [patches, shape(-1, grid[0] * grid[1], inputs)], this.#name(y, "rows"));
    let products = this.#name(y, "products");
    this.#product(rows, weights, 1, products);
    if (bias !== "") products = this.#emit("Add", [products, bias], this.#name(y, "sums"));
    const columns = this.#emit("Transpose", [products], this.#name(y, "columns"), { perm: { ints: [0, 2, 1] } });
    this.#emit("Reshape", [columns, shape(-1, outputs, grid[0], grid[1])], y);
  }

  /** Queries, keys and values by one product; then ONNX Runtime's attention without weights. */
  #attention({ node, weights }: Layer): void {
    const [x = "", , bias = "", , , attentionBias = ""] = node.inputs;
    const y = output(node);
    let packed = this.#name(y, "products");
    this.#product(x, weights, 1, packed);
    if (bias !== "") packed = this.#emit("Add", [packed, bias], this.#name(y, "packed"));
    const third = weights.layout.outputs / 3;
    const declared = node.attributes.get("qkv_hidden_sizes")?.ints ?? [];
    const parts = ["query", "key", "value"].map((part) => this.#name(y, part));
    this.#split(packed, declared.length === 3 ? declared : [third, third, third], parts);
    const attributes: Record<string, AttributeValue> = {};
    for (const name of ["num_heads", "scale", "unidirectional", "mask_filter_value"]) {
      const { int, float } = node.attributes.get(name) ?? {};
      if (int !== undefined) attributes[name] = { int };
      if (float !== undefined) attributes[name] = { float };
    }
    const inputs = attentionBias === "" ? parts : [...parts, "", "", attentionBias];
    const { domain, name } = node;
    this.#add({ type: "MultiHeadAttention", domain, name, inputs, outputs: [y], attributes });
  }

  #split(x: string, sizes: readonly number[], outputs: readonly string[]): void {
    const axis = { axis: { int: -1 } };
    if (this.#opset >= 13) this.#add({ type: "Split", inputs: [x, this.#integers(sizes)], outputs, attributes: axis });
    else this.#add({ type: "Split", inputs: [x], outputs, attributes: { ...axis, split: { ints: sizes } } });
  }

  /** y = factor x W, in 8 bits; x and y are of the weights' type. */
  #product(x: string, weights: ConstantMatrix, factor: number, y: string): void {
    const { numbers, factors } = this.#quantizedRows(x, weights.type);
    const sums = this.#add({
      type: "MatMulIntegerToFloat",
      domain: "com.microsoft",
      inputs: [
        numbers,
        this.#weights(weights),
        this.#float("one", 1),
        this.#weightScales(weights, factor),
        ...this.#zeros(),
      ],
      outputs: [this.#name(y, "sums")],
    });
    if (weights.type === dataType.float32) this.#emit("Mul", [sums, factors], y);
    else this.#cast(this.#emit("Mul", [sums, factors], this.#name(y, "wide")), weights.type, y);
  }

  /** Once for all layers that read x. */
  #quantizedRows(x: string, type: number): Rows {
    const known = this.#rows.get(x);
    if (known !== undefined) return known;
    const wide = this.#floatOf(x, type, x);
    const name = (part: string) => this.#name(x, part);
    const sizes = this.#emit("Abs", [wide], name("sizes"));
    const peaks = this.#emit(
      "Max",
      [this.#rowMaximum(sizes, name("maxima")), this.#float("smallest", smallestPeak)],
      name("peaks"),
    );
    const factors = this.#emit("Mul", [peaks, this.#float("step", 1 / most)], name("factors"));
    const steps = this.#emit("Div", [this.#float("most", most), peaks], name("steps"));
    const scaled = this.#emit("Mul", [wide, steps], name("scaled"));
    const [zero] = this.#zeros();
    const numbers = this.#emit("QuantizeLinear", [scaled, this.#float("one", 1), zero], name("int8"));
    const rows = { numbers, factors };
    this.#rows.set(x, rows);
    return rows;
  }

  #rowMaximum(x: string, y: string): string {
    const keepdims = { int: 1 };
    if (this.#opset >= 18) return this.#emit("ReduceMax", [x, this.#integers([-1])], y, { keepdims });
    return this.#emit("ReduceMax", [x], y, { axes: { ints: [-1] }, keepdims });
  }

  #weights({ key, layout, tensor }: ConstantMatrix): string {
    const content: Piece = {
      size: layout.inputs * layout.outputs,
      chunks: () => quantizedChunk(tensor, layout, this.#scales.get(key) ?? new Float32Array(0)),
    };
    const head = { type: dataType.int8, dims: [layout.inputs, layout.outputs] };
    return this.#constant(`${key}/int8`, (name) => OnnxTensor.of({ ...head, name }, content));
  }

  #weightScales({ key, layout }: ConstantMatrix, factor: number): string {
    const scales = this.#scales.get(key) ?? new Float32Array(0);
    return this.#constant(`${key}/scales${factor === 1 ? "" : `*${factor}`}`, (name) =>
      OnnxTensor.floats(
        name,
        [layout.outputs],
        scales.map((scale) => scale * factor),
      ),
    );
  }

  /** Zero points of activations and weights. */
  #zeros(): readonly [string, string] {
    const scalar = (type: number, value: number) => (name: string) =>
      OnnxTensor.of({ name, type, dims: [] }, Uint8Array.of(value));
    return [
      this.#constant("int8/activation-zero", scalar(dataType.uint8, zeroPoint)),
      this.#constant("int8/weight-zero", scalar(dataType.int8, 0)),
    ];
  }

  #float(name: string, value: number): string {
    return this.#constant(`int8/${name}${name === "beta" ? value : ""}`, (free) =>
      OnnxTensor.floats(free, [], [value]),
    );
  }

  #integers(values: readonly number[]): string {
    return this.#constant(`int8/shape/${values.join("x")}`, (name) => OnnxTensor.integers(name, values));
  }

  /** A constant of the graph, added when it is first asked for. */
  #constant(wanted: string, make: (name: string) => OnnxTensor): string {
    const known = this.#constants.get(wanted);
    if (known !== undefined) return known;
    const name = this.#graph.add(make(this.#free(wanted)));
    this.#constants.set(wanted, name);
    return name;
  }

  #floatOf(x: string, type: number, base: string): string {
    return type === dataType.float32 ? x : this.#cast(x, dataType.float32, this.#name(base, "float"));
  }

  #cast(x: string, type: number, y: string): string {
    return this.#emit("Cast", [x], y, { to: { int: type } });
  }

  /** A node of ONNX's own with one output, which it gives back. */
  #emit(type: string, inputs: readonly string[], y: string, attributes: NodeParts["attributes"] = {}): string {
    return this.#add({ type, inputs, outputs: [y], attributes });
  }

  #add(parts: NodeParts): string {
    this.#nodes.push(OnnxNode.of(parts));
    return parts.outputs[0] ?? "";
  }

  #name(base: string, part: string): string {
    return this.#free(`${base}/${part}`);
  }

  #free(wanted: string): string {
    let name = wanted;
    for (let i = 2; this.#taken.has(name); i++) name = `${wanted}.${i}`;
    this.#taken.add(name);
    return name;
  }
}

async function* quantizedChunk(tensor: OnnxTensor, layout: ConstantMatrix["layout"], scales: Float32Array) {
  const numbers = quantized(await tensor.floatValues(), layout, scales);
  yield new Uint8Array(numbers.buffer);
}

function output(node: OnnxNode): string {
  return node.outputs[0] ?? "";
}
