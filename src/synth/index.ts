export { parseDescription, type SynthDescription } from "./description.js";
export { type SynthesizeOptions, type SynthSummary, synthesize } from "./synthesize.js";
