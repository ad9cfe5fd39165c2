// The resize and crop of preprocessing.h written plainly: no vectors. The kernels are tested against it.
#pragma once

#include <cstdint>

#include "image/crop_plan.h"
#include "image/picture.h"

namespace unreel::image {

/// rgb: height x width x 3, of the plan's size; out: size x size x 3.
void crop_reference(const std::uint8_t* rgb, const CropPlan& plan, std::uint8_t* out);

/// The picture turned upright by to_rgb_reference(), then the above. Thread-safe; throws as that.
void crop_reference(const Picture& picture, const CropPlan& plan, std::uint8_t* out);

}  // namespace unreel::image
