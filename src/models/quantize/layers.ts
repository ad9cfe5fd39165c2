// The layers of a graph that can run with 8-bit weights, and why others cannot.
import type { OnnxGraph, OnnxNode } from "../onnx/index.js";
import { ConstantFinder, type ConstantMatrix } from "./constant-matrix.js";
import { type PatchWindow, patchesOf } from "./patch-window.js";

/** A product of activations with constant weights. */
export interface Layer {
  /** The node's name, or its output's where it has none. */
  readonly name: string;
  readonly node: OnnxNode;
  readonly weights: ConstantMatrix;
  /** Of a convolution: its windows, which do not overlap. */
  readonly window?: PatchWindow;
}

/** A product with constant weights that stays as it is. */
export interface Kept {
  readonly name: string;
  readonly operator: string;
  readonly reason: string;
}

/** What {@link findLayers} found, in the graph's order. */
export interface FoundLayers {
  readonly layers: readonly Layer[];
  readonly kept: readonly Kept[];
}

/** Looks at every operator that multiplies with constant weights. */
export function findLayers(graph: OnnxGraph): FoundLayers {
  const constants = new ConstantFinder(graph);
  const layers: Layer[] = [];
  const kept: Kept[] = [];
  for (const node of graph.nodes) {
    const name = nameOf(node);
    const found = layerOf(node, constants, graph);
    if (typeof found === "string") kept.push({ name, operator: node.type, reason: found });
    else if (found !== undefined) layers.push({ name, node, ...found });
  }
  return { layers, kept };
}

/** The name that a report knows a node by. */
export function nameOf(node: OnnxNode): string {
  return node.name === "" ? (node.outputs[0] ?? "") : node.name;
}

type Found = Pick<Layer, "weights" | "window">;

/** The layer; or the reason why it stays; or undefined where there are no constant weights. */
function layerOf(node: OnnxNode, constants: ConstantFinder, graph: OnnxGraph): Found | string | undefined {
  if (node.is("MatMul")) return withWeights(constants.matrix(node.inputs[1] ?? "", false));
  if (node.is("Gemm")) return gemm(node, constants);
  if (node.is("Conv")) return convolution(node, constants, graph);
  if (node.type === "Attention" && node.domain === "com.microsoft") return attention(node, constants);
  return foreignProduct(node, constants);
}

/** Products of ONNX Runtime's own that stay. */
function foreignProduct(node: OnnxNode, constants: ConstantFinder): string | undefined {
  const name = node.inputs[1] ?? "";
  if (node.domain === "com.microsoft.nchwc" && node.type === "Conv") {
    return constants.kernels(name) && "a convolution that ONNX Runtime has rearranged for one kind of CPU";
  }
  if (node.domain === "com.microsoft" && ["FusedMatMul", "FusedGemm", "FusedConv"].includes(node.type)) {
    const weights = constants.matrix(name, false) ?? constants.kernels(name);
    return weights && "a product that ONNX Runtime has fused with another operator";
  }
  return undefined;
}

function withWeights(weights: ConstantMatrix | undefined): Found | undefined {
  return weights && { weights };
}

function gemm(node: OnnxNode, constants: ConstantFinder): Found | string | undefined {
  const weights = constants.matrix(node.inputs[1] ?? "", flag(node, "transB"));
  return weights && flag(node, "transA") ? "its activations are transposed" : withWeights(weights);
}

function flag(node: OnnxNode, name: string): boolean {
  return (node.attributes.get(name)?.int ?? 0) !== 0;
}

function convolution(node: OnnxNode, constants: ConstantFinder, graph: OnnxGraph): Found | string | undefined {
  const weights = constants.kernels(node.inputs[1] ?? "");
  if (weights === undefined) return undefined;
  const window = patchesOf(node, weights.tensor.dims, graph);
  return typeof window === "string" ? window : { weights, window };
}

/** Attributes of ONNX Runtime's Attention that go on to its MultiHeadAttention. */
const attentionAttributes = new Set(["num_heads", "scale", "unidirectional", "mask_filter_value", "qkv_hidden_sizes"]);

function attention(node: OnnxNode, constants: ConstantFinder): Found | string | undefined {
  const weights = constants.matrix(node.inputs[1] ?? "", false);
  if (weights === undefined) return undefined;
  const [, , , mask = "", past = ""] = node.inputs;
  const others = [...node.attributes.values()].filter(
    ({ name, int }) => !attentionAttributes.has(name) && (int ?? 0) !== 0,
  );
  if (mask !== "" || past !== "" || node.inputs.length > 6 || node.outputs.filter((name) => name !== "").length > 1) {
    return "an attention with a mask or a past";
  }
  return others.length > 0 ? `an attention with ${others.map(({ name }) => name).join(", ")}` : { weights };
}
