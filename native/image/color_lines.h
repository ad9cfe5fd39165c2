// to_rgb through the vector kernels, for the layouts that have them.
#pragma once

#include <cstdint>

#include "image/picture.h"

namespace unreel::image {

/**
 * Whether to_rgb_by_lines takes the picture: Y'CbCr of 8 to 12 bits whose chroma is at most halved along each line,
 * gray and planar RGB of 8 bits, packed RGB of 8 bits that is not turned by 90 degrees; without a palette, and without
 * alpha to blend.
 */
bool has_line_kernels(const Picture& picture);

/// What to_rgb promises, byte for byte, for such a picture. Thread-safe.
void to_rgb_by_lines(const Picture& picture, std::uint8_t* rgb);

}  // namespace unreel::image
