import { GraphWriter, type ModelContent, model } from "../models/onnx-writer.js";
import { producer } from "../models/write-model.js";
import type { HeadLayer } from "./head-layers.js";

/** A head as an ONNX model: Gemm for each layer, Relu between them, then z = u / max(|u|, 1e-12). */
export function headModel(layers: readonly HeadLayer[]): ModelContent {
  const graph = new GraphWriter();
  let value = "image_embeds";
  layers.forEach((layer, at) => {
    const name = at + 1 < layers.length ? "hidden" : "head";
    const weight = graph.floats(`${name}.weight`, Array.from(layer.weight), [layer.out, layer.in]);
    const bias = graph.floats(`${name}.bias`, Array.from(layer.bias));
    value = graph.node("Gemm", [value, weight, bias], `${name}.output`, { transB: { int: 1 } });
    if (at + 1 < layers.length) value = graph.node("Relu", [value], `${name}.relu`);
  });
  const norm = graph.node("ReduceL2", [value], "norm", { axes: { ints: [1] }, keepdims: { int: 1 } });
  const clamped = graph.node("Max", [norm, graph.float32("smallest_norm", 1e-12)], "clamped_norm");
  graph.node("Div", [value, clamped], "projections");
  const content = graph.graph(
    "projection_head",
    { name: "image_embeds", shape: ["batch", layers[0]?.in ?? 0] },
    { name: "projections", shape: ["batch", layers.at(-1)?.out ?? 0] },
  );
  return model(content, {
    producer,
    description: "A projection head: embedding to unit vector.",
    opset: 17,
    metadata: { "unreel.kind": "projection-head" },
  });
}
