#include "image/placement.h"

#include "base/check.h"

namespace unreel::image {

Placement placement_of(const Picture& picture) {
  const std::ptrdiff_t width = picture.width;
  const std::ptrdiff_t height = picture.height;
  Placement place{};
  switch (picture.quarter_turns) {
    case 0:
      place = {0, 1, width};
      break;
    case 1:
      place = {height - 1, height, -1};
      break;
    case 2:
      place = {width * height - 1, -1, -width};
      break;
    case 3:
      place = {(width - 1) * height, -height, 1};
      break;
    default:
      UNREEL_CHECK(picture.quarter_turns >= 0 && picture.quarter_turns <= 3);
  }
  if (picture.flipped) {
    place.origin += (width - 1) * place.step_x;
    place.step_x = -place.step_x;
  }
  return place;
}

}  // namespace unreel::image
