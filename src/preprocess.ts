import { awaitNative, nativeBinding } from "./native/load.js";
import { type PreprocessingVariant, preprocessingVariants } from "./preprocessing.js";
import { checkInteger, checkOneOf, checkRange, checkTyped } from "./validate.js";

/** Side of the square that CLIP's common encoders see. */
export const clipSize = 224;

/** Largest side of a crop. */
const largestSize = 8192;

/** The picture's size, and what is made of it. */
export interface PreprocessOptions {
  readonly width: number;
  readonly height: number;
  /** Default `clip`. */
  readonly variant?: PreprocessingVariant;
  /** Side of the square, 1 to 8192; default 224. */
  readonly size?: number;
}

/** A variant and a size that were checked; `prefix` is how the caller names them. */
export function checkCrop(
  options: { readonly variant?: PreprocessingVariant; readonly size?: number },
  prefix = "options.",
): { variant: PreprocessingVariant; size: number } {
  const variant = checkOneOf(options.variant ?? "clip", preprocessingVariants, `${prefix}variant`);
  const size = checkInteger(options.size ?? clipSize, 1, `${prefix}size`);
  return { variant, size: checkRange(size, 1, largestSize, `${prefix}size`) };
}

/**
 * An encoder's preprocessing of one picture up to the crop. By default CLIP's: short side to 224 by Pillow's antialiased
 * bicubic, centre crop 224 x 224; equal to Pillow and torchvision in every byte.
 *
 * @param rgb uint8 RGB, height x width x 3, C order
 * @returns uint8 RGB, size x size x 3
 * @throws UnreelTypeError, UnreelRangeError for a size that does not fit the data, or a variant that there is not
 *
 * @example
 * ```ts
 * import { preprocess } from "unreel";
 *
 * const rgb = new Uint8Array(480 * 640 * 3);
 * const crop = await preprocess(rgb, { width: 640, height: 480 });
 * const large = await preprocess(rgb, { width: 640, height: 480, variant: "hf", size: 336 });
 * console.log(crop.length === 224 * 224 * 3, large.length === 336 * 336 * 3);
 * ```
 */
export function preprocess(rgb: Uint8Array, options: PreprocessOptions): Promise<Uint8Array> {
  const width = checkInteger(options.width, 1, "width");
  const height = checkInteger(options.height, 1, "height");
  const { variant, size } = checkCrop(options);
  checkTyped(rgb, Uint8Array, width * height * 3, "rgb");
  return awaitNative(() => nativeBinding().preprocess(rgb, width, height, variant, size));
}
