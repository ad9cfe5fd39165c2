import { awaitNative, nativeBinding } from "./native/load.js";
import { checkInteger, checkTyped } from "./validate.js";

/** Side of the square that CLIP's common encoders see. */
export const clipSize = 224;

/**
 * CLIP's preprocessing of one picture up to the crop: short side to 224 by Pillow's antialiased bicubic, centre crop
 * 224 x 224; equal to Pillow and torchvision in every byte.
 *
 * @param rgb uint8 RGB, height x width x 3, C order
 * @returns uint8 RGB, 224 x 224 x 3
 * @throws UnreelTypeError, UnreelRangeError for a size that does not fit the data
 *
 * @example
 * ```ts
 * import { preprocess } from "unreel";
 *
 * const crop = await preprocess(new Uint8Array(480 * 640 * 3), { width: 640, height: 480 });
 * console.log(crop.length === 224 * 224 * 3);
 * ```
 */
export function preprocess(
  rgb: Uint8Array,
  size: { readonly width: number; readonly height: number },
): Promise<Uint8Array> {
  const width = checkInteger(size.width, 1, "width");
  const height = checkInteger(size.height, 1, "height");
  checkTyped(rgb, Uint8Array, width * height * 3, "rgb");
  return awaitNative(() => nativeBinding().preprocess(rgb, width, height, "clip", clipSize));
}
