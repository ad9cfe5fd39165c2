// Y'CbCr to RGB: one integer definition, the same on every machine.
#pragma once

#include <cstdint>

#include "image/picture.h"

namespace unreel::image {

/**
 * Writes the picture upright as shown_height() x shown_width() x 3 bytes of RGB.
 * (The definition - matrix constants, rounding, nearest chroma, 10-bit and alpha rules - is written here by the author.)
 * Thread-safe. Throws codec_unsupported for a layout it cannot read.
 */
void to_rgb(const Picture& picture, std::uint8_t* rgb);

}  // namespace unreel::image
