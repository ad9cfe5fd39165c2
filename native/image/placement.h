// Where a stored pixel lies in the upright picture.
#pragma once

#include <cstddef>

#include "image/picture.h"

namespace unreel::image {

/// Stored pixel (x, y) lies at origin + x * step_x + y * step_y, counted in pixels of the upright picture.
struct Placement {
  std::ptrdiff_t origin = 0;
  std::ptrdiff_t step_x = 0;
  std::ptrdiff_t step_y = 0;
};

Placement placement_of(const Picture& picture);

}  // namespace unreel::image
