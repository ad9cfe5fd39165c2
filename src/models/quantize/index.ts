export type { Closeness } from "./comparison.js";
export type { Kept } from "./layers.js";
export type { SkippedFile } from "./pictures.js";
export {
  type QuantizedModel,
  type QuantizeOptions,
  type QuantizeProgress,
  quantizedForm,
  quantizeModel,
} from "./quantize-model.js";
