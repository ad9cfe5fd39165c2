export { type ModelName, modelNames } from "./architectures.js";
export { type MadeModel, type MakeModelOptions, makeModel } from "./make-model.js";
export {
  type Closeness,
  type Kept,
  type QuantizedModel,
  type QuantizeOptions,
  type QuantizeProgress,
  quantizeModel,
  type SkippedFile,
} from "./quantize/index.js";
