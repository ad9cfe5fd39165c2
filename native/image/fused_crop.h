// From a decoder's planes to the crop in one pass, without a buffer of the picture's size.
#pragma once

#include <cstdint>

#include "image/crop_plan.h"
#include "image/picture.h"

namespace unreel::image {

/**
 * What crop_reference() promises, byte for byte, through the vector kernels. Only rows and columns that the crop wants
 * are converted. A layout without line kernels goes through to_rgb(), of that part alone. Thread-safe; throws as
 * to_rgb().
 */
void fused_crop(const Picture& picture, const CropPlan& plan, std::uint8_t* out);

}  // namespace unreel::image
