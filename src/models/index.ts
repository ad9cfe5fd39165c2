export { type ModelName, modelNames } from "./architectures.js";
export { type MadeModel, type MakeModelOptions, makeModel } from "./make-model.js";
