import { awaitNative, nativeBinding } from "./native/load.js";
import { checkInteger, checkOneOf, checkRange, checkTyped } from "./validate.js";

/** Side of the square that CLIP's common encoders see. */
export const clipSize = 224;

/** Largest side of a crop. */
const largestSize = 8192;

/** The names of {@link PreprocessVariant}. */
export const preprocessVariants = ["clip", "hf", "hf-tensor", "squash"] as const;

/**
 * How a picture becomes an encoder's square; every resize is an antialiased bicubic.
 *
 * - `clip`: OpenAI's. Pillow's resize of the short side, centre crop, halves of a pixel to even, as torchvision crops
 *   PIL images.
 * - `hf`: transformers on PIL images. The same resize, the crop's offset rounded down.
 * - `hf-tensor`: transformers 5 by default. PyTorch's resize of bytes, the crop's offset rounded down.
 * - `squash`: Pillow's resize of both sides, nothing cropped.
 */
export type PreprocessVariant = (typeof preprocessVariants)[number];

/** The picture's size, and what is made of it. */
export interface PreprocessOptions {
  readonly width: number;
  readonly height: number;
  /** Default `clip`. */
  readonly variant?: PreprocessVariant;
  /** Side of the square, 1 to 8192; default 224. */
  readonly size?: number;
}

/** A variant and a size that were checked; `prefix` is how the caller names them. */
export function checkCrop(
  options: { readonly variant?: PreprocessVariant; readonly size?: number },
  prefix = "options.",
): { variant: PreprocessVariant; size: number } {
  const variant = checkOneOf(options.variant ?? "clip", preprocessVariants, `${prefix}variant`);
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
