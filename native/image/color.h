// Y'CbCr to RGB: one integer definition, the same on every machine.
#pragma once

#include <cstdint>

#include "image/picture.h"

namespace unreel::image {

/**
 * The numbers of the definition for one matrix, range and depth d (8 to 16 bits). With F = d + 8 and >> rounding down:
 *
 *     y = Y - luma_offset    u = Cb - neutral    v = Cr - neutral    half = 2^(F - 1)
 *     R = clamp((luma * y               + red_v   * v + half) >> F)
 *     G = clamp((luma * y - green_u * u - green_v * v + half) >> F)        clamp to 0..255
 *     B = clamp((luma * y + blue_u  * u               + half) >> F)
 *
 * One rounding, from the source's depth to 8 bits. With Kg = 1 - Kr - Kb and every quotient rounded half up:
 *
 *     limited: luma_offset = 16 * 2^(d-8), luma_range = 219 * 2^(d-8), chroma_range = 224 * 2^(d-8)
 *     full:    luma_offset = 0,            luma_range = chroma_range = 2^d - 1             neutral = 2^(d-1) in both
 *     luma    = 2^F * 255 / luma_range
 *     red_v   = 2^F * 255 * 2 (1 - Kr) / chroma_range              blue_u  = 2^F * 255 * 2 (1 - Kb) / chroma_range
 *     green_u = 2^F * 255 * 2 (1 - Kb) Kb / Kg / chroma_range      green_v = 2^F * 255 * 2 (1 - Kr) Kr / Kg /
 * chroma_range
 *
 *     Kr, Kb:  BT.601 0.299, 0.114;  BT.709 0.2126, 0.0722;  BT.2020 0.2627, 0.0593;  SMPTE 240M 0.212, 0.087
 *
 * For example BT.601, limited, 8 bits: 76309, 104597, 25675, 53279, 132201.
 * Source: ITU-R BT.601-7, BT.709-6, BT.2020-2 (non-constant luminance), SMPTE ST 240; ITU-T H.273, 8.3.
 */
struct ColorCoefficients {
  int depth = 8;
  std::int32_t luma_offset = 0;
  std::int32_t neutral = 0;
  std::int32_t luma = 0;
  std::int32_t red_v = 0;
  std::int32_t green_u = 0;
  std::int32_t green_v = 0;
  std::int32_t blue_u = 0;
};

/// depth: 8 to 16.
ColorCoefficients color_coefficients(Matrix matrix, Range range, int depth);

/**
 * Writes the picture upright as shown_height() x shown_width() x 3 bytes of RGB.
 *
 * - Y'CbCr: the definition above. Chroma is replicated: the pixel at (x, y) takes the chroma sample at
 *   (x >> chroma_shift_x, y >> chroma_shift_y), as swscale's unscaled converters do; chroma siting is not looked at.
 * - RGB and gray of d bits (2 to 16): round(v * 255 / (2^d - 1)), half up. Gray is full range whatever `range` says, as
 *   swscale reads it. A palette's entries are taken as they are.
 * - Alpha: dropped, or brought to 8 bits in the same way, and then the finished RGB is laid on black:
 *   (v * a + 127) / 255, rounded down.
 *
 * Thread-safe. Throws codec_unsupported for a layout it cannot read: fewer than 2 or more than 16 bits a sample,
 * Y'CbCr of fewer than 8 bits or of unequal depths.
 */
void to_rgb(const Picture& picture, std::uint8_t* rgb);

}  // namespace unreel::image
