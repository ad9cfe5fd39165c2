import { setImmediate } from "node:timers/promises";
import { throwIfAborted, UnreelError } from "../../errors.js";
import type { OnnxModel } from "../onnx/index.js";
import { outputScales } from "./int8-matrix.js";
import { findLayers, type Kept, type Layer } from "./layers.js";

/** Which layers of a model can run in 8 bits, and the scales of their weights. */
export interface Plan {
  /** Names, in the graph's order. */
  readonly layers: readonly string[];
  readonly kept: readonly Kept[];
  /** Scale of each output, by the key of a layer's weights. */
  readonly scales: ReadonlyMap<string, Float32Array>;
}

const oldestOpset = 10;
const quantizedOperators =
  /^(DynamicQuantize|QLinear|MatMulInteger|ConvInteger|MatMulNBits|MatMulBnb4|QAttention|QGemm|QMoE|QuantizeLinear$|DequantizeLinear$)/;

/**
 * Reads all weights once, one tensor in memory at a time.
 *
 * @throws UnreelError `ERR_UNREEL_MODEL_QUANTIZED`; `ERR_UNREEL_MODEL_CONTRACT` where nothing can be quantised
 */
export async function makePlan(
  model: OnnxModel,
  onLayer: (done: number, total: number) => void,
  signal: AbortSignal | undefined,
): Promise<Plan> {
  refuseQuantized(model);
  if (model.opset < oldestOpset)
    throw unfit(model, `it is of ONNX's opset ${model.opset}; quantising needs ${oldestOpset} or newer`);
  const found = findLayers(model.graph);
  const kept = [...found.kept];
  const layers: Layer[] = [];
  const scales = new Map<string, Float32Array>();
  for (const [i, layer] of found.layers.entries()) {
    throwIfAborted(signal);
    onLayer(i, found.layers.length);
    const { key, tensor, layout } = layer.weights;
    const known = scales.get(key) ?? outputScales(await tensor.floatValues(), layout);
    if (known === undefined) kept.push({ ...reportOf(layer), reason: "a weight is not finite" });
    else {
      scales.set(key, known);
      layers.push(layer);
    }
    await setImmediate();
  }
  onLayer(found.layers.length, found.layers.length);
  if (layers.length === 0) throw unfit(model, "no operator in it multiplies with constant weights");
  return { layers: layers.map(({ name }) => name), kept, scales };
}

/** What a report says of a layer. */
export function reportOf(layer: Layer): { readonly name: string; readonly operator: string } {
  return { name: layer.name, operator: layer.node.type };
}

function refuseQuantized(model: OnnxModel): void {
  const node = model.graph.nodes.find(({ type }) => quantizedOperators.test(type));
  if (node === undefined) return;
  throw new UnreelError(
    "ERR_UNREEL_MODEL_QUANTIZED",
    `${model.path} is quantised already: it has the operator ${node.type}. Give the fp32 or fp16 model that it was made from.`,
    { path: model.path, operator: node.type },
  );
}

function unfit(model: OnnxModel, why: string): UnreelError {
  return new UnreelError("ERR_UNREEL_MODEL_CONTRACT", `${model.path} cannot be quantised: ${why}.`, {
    path: model.path,
  });
}
