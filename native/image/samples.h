// One row of one component, whatever its place and depth, as plain 16-bit numbers.
#pragma once

#include <cstdint>

#include "image/picture.h"

namespace unreel::image {

/**
 * Writes `count` samples of `component` in row `row` of its plane to `out`, 0 to 2^depth - 1 each.
 * A sample lies in 1, 2 or 4 bytes, the fewest that hold shift + depth bits; words have the layout's byte order. A
 * one-byte sample of a big-endian layout lies one byte further than its offset says, as libav counts it
 * (av_read_image_line2).
 */
void read_samples(const Picture& picture, const Component& component, int row, int count, std::uint16_t* out);

}  // namespace unreel::image
