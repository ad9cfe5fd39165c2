// A part of a picture, without a copy.
#pragma once

#include "image/picture.h"

namespace unreel::image {

/// Stored pixels [x, x + width) x [y, y + height).
struct Region {
  int x = 0;
  int y = 0;
  int width = 0;
  int height = 0;
};

/// A view of the region; x and y are multiples of what a chroma sample spans. Turns and all else stay as they are.
Picture region_of(const Picture& picture, const Region& region);

}  // namespace unreel::image
