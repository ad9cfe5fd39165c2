// The definition of color.h written plainly: every layout, no vectors. The kernels are tested against it.
#pragma once

#include <cstdint>

#include "image/picture.h"

namespace unreel::image {

/// What to_rgb promises, byte for byte. Thread-safe.
void to_rgb_reference(const Picture& picture, std::uint8_t* rgb);

}  // namespace unreel::image
