import { UnreelRangeError, UnreelTypeError } from "./errors.js";
import { checkInteger, checkOneOf } from "./validate.js";

/**
 * How a frame becomes the square that an encoder sees; every resize is an antialiased bicubic.
 *
 * - `clip`: OpenAI's. Pillow's resize of the short side, centre crop, halves of a pixel to even, as torchvision crops
 *   PIL images.
 * - `hf`: transformers on PIL images. The same resize, the crop's offset rounded down.
 * - `hf-tensor`: transformers 5 by default. PyTorch's resize of bytes, the crop's offset rounded down.
 * - `squash`: Pillow's resize of both sides, nothing cropped.
 */
export const preprocessingVariants = ["clip", "hf", "hf-tensor", "squash"] as const;

export type PreprocessingVariant = (typeof preprocessingVariants)[number];

/** What an encoder's frames go through. What is left out follows from the model file, then from CLIP. */
export interface PreprocessingOptions {
  readonly variant?: PreprocessingVariant;
  /** Side of the square; only where the model file leaves it open. */
  readonly size?: number;
  /** Of R, G, B on the scale 0 to 1. Given together with `std`. */
  readonly mean?: readonly number[];
  /** Of R, G, B, above 0. */
  readonly std?: readonly number[];
}

/** Throws TypeError or RangeError for what is no {@link PreprocessingOptions}; `name` is how the caller wrote it. */
export function checkPreprocessing(value: PreprocessingOptions, name: string): PreprocessingOptions {
  const { variant, size, mean, std } = value;
  if (variant !== undefined) checkOneOf(variant, preprocessingVariants, `${name}.variant`);
  if (size !== undefined) checkInteger(size, 1, `${name}.size`);
  if ((mean === undefined) !== (std === undefined))
    throw new UnreelTypeError(`${name}.mean and ${name}.std are given together`);
  if (mean !== undefined && std !== undefined) {
    checkNumbers(mean, `${name}.mean`);
    if (checkNumbers(std, `${name}.std`).some((each) => each <= 0))
      throw new UnreelRangeError(`${name}.std must be above 0 in every channel`);
  }
  return value;
}

function checkNumbers(values: readonly number[], name: string): readonly number[] {
  if (!Array.isArray(values) || values.length !== 3 || !values.every(Number.isFinite))
    throw new UnreelTypeError(`${name} must be three finite numbers`);
  return values;
}
