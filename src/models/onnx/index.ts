// Reads, edits and writes ONNX files without losing anything of them, and without holding their weights in memory.
export { type AttributeValue, OnnxAttribute } from "./attribute.js";
export { dataType } from "./data-type.js";
export { ExternalDataFile } from "./external-data.js";
export { OnnxGraph } from "./graph.js";
export { OnnxModel } from "./model.js";
export { type NodeParts, OnnxNode } from "./node.js";
export { OnnxTensor, type TensorHead } from "./tensor.js";
export { type Dimension, OnnxValueInfo } from "./value-info.js";
