import type { OnnxGraph, OnnxNode } from "../onnx/index.js";

/** How a convolution cuts a picture into patches that do not overlap. */
export interface PatchWindow {
  readonly channels: number;
  /** Patches down and across. */
  readonly grid: readonly [number, number];
  /** Height and width of a patch. */
  readonly patch: readonly [number, number];
}

/**
 * The patches of a vision transformer's first convolution; or why it is none.
 *
 * @param kernels dimensions of the weights: [outputs, channels, height, width]
 */
export function patchesOf(node: OnnxNode, kernels: readonly number[], graph: OnnxGraph): PatchWindow | string {
  const [, channels = 0, height = 0, width = 0] = kernels;
  const ints = (name: string, otherwise: readonly number[]) => node.attributes.get(name)?.ints ?? otherwise;
  const steps = ints("strides", [1, 1]);
  const padding = node.attributes.get("auto_pad")?.text ?? "NOTSET";
  const plain =
    (node.attributes.get("group")?.int ?? 1) === 1 &&
    ints("dilations", [1, 1]).every((step) => step === 1) &&
    ints("pads", [0, 0, 0, 0]).every((size) => size === 0) &&
    (padding === "NOTSET" || padding === "VALID");
  if (!plain || steps[0] !== height || steps[1] !== width) return "a convolution whose windows overlap or are padded";
  const picture = pictureSize(node.inputs[0] ?? "", graph);
  if (picture === undefined) return "a convolution over pictures whose size the file leaves open";
  const [rows, columns] = picture;
  if (rows % height !== 0 || columns % width !== 0) return "a convolution that leaves a rest of the picture out";
  return { channels, grid: [rows / height, columns / width], patch: [height, width] };
}

/** Height and width of a value that is the graph's input, perhaps in another number format. */
function pictureSize(name: string, graph: OnnxGraph): readonly [number, number] | undefined {
  const producer = graph.producers().get(name);
  if (producer !== undefined) {
    return producer.is("Cast") || producer.is("Identity") ? pictureSize(producer.inputs[0] ?? "", graph) : undefined;
  }
  const [, , height, width] = graph.inputs.find((input) => input.name === name)?.shape ?? [];
  return typeof height === "number" && typeof width === "number" && height > 0 && width > 0
    ? [height, width]
    : undefined;
}
