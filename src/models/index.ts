export { type ModelName, modelNames } from "./architectures.js";
export type { DownloadProgress } from "./download.js";
export { type ListedModel, listModels } from "./list.js";
export { type MadeModel, type MakeModelOptions, makeModel } from "./make-model.js";
export { type PulledModel, type PullOptions, pullModel } from "./pull.js";
export {
  type Closeness,
  type Kept,
  type QuantizedModel,
  type QuantizeOptions,
  type QuantizeProgress,
  quantizeModel,
  type SkippedFile,
} from "./quantize/index.js";
export { type VerifiedModel, verifyModels } from "./verify.js";
