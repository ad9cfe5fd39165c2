// Squares of a picture's brightness at its own resolution: noise survives in them, as it does in no resized picture.
#pragma once

#include <cstdint>

#include "image/picture.h"

namespace unreel::image {

/// Tiles of one picture: the nine of the middle first, then the sixteen of the rim, each in reading order.
inline constexpr int kLumaTiles = 25;

/**
 * Cuts 5 x 5 square tiles out of the picture turned upright. Along a side of n pixels, with span = max(n - size, 0),
 * the tiles begin at 0, 0.35, 0.5, 0.65 and 1 times span, each rounded half up: the inner three lie about the middle,
 * the outer two at the edges. Tiles of a small picture overlap; where the picture is smaller than a tile it is mirrored
 * at its edges without repeating them (index -1 is 1).
 *
 * The brightness of a pixel is a byte:
 * - Y'CbCr of 8 bits: Y as it is stored, whatever its range. Of d > 8 bits: min((Y + 2^(d-9)) >> (d - 8), 255).
 * - All other layouts: (77 R + 150 G + 29 B + 128) >> 8 of the RGB that to_rgb() gives; gray is its own value.
 * Transparency is not looked at.
 *
 * out: 25 x size x size bytes. size >= 1. Thread-safe. Throws codec_unsupported for a layout it cannot read, as
 * to_rgb().
 */
void luma_tiles(const Picture& picture, int size, std::uint8_t* out);

}  // namespace unreel::image
