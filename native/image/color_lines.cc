#include "image/color_lines.h"

#include <memory>
#include <vector>

#include "base/check.h"
#include "image/line_kernels.h"
#include "image/placement.h"
#include "image/rgb_lines.h"

namespace unreel::image {

void to_rgb_by_lines(const Picture& picture, std::uint8_t* rgb) {
  UNREEL_CHECK(picture.width > 0 && picture.height > 0 && has_line_kernels(picture));
  const std::unique_ptr<RgbLines> lines = rgb_lines_of(picture);
  const Placement place = placement_of(picture);
  const bool by_rows = along_of(picture) == Along::rows;
  const int count = by_rows ? picture.height : picture.width;
  const int length = by_rows ? picture.width : picture.height;
  const std::ptrdiff_t across = by_rows ? place.step_y : place.step_x;
  const bool mirrored = (by_rows ? place.step_x : place.step_y) < 0;

  std::vector<std::uint8_t> stored(mirrored ? 3 * static_cast<std::size_t>(length) : 0);
  for (int i = 0; i < count; ++i) {
    std::uint8_t* const first = rgb + 3 * (place.origin + i * across);
    if (!mirrored) {
      lines->convert(i, first);
      continue;
    }
    lines->convert(i, stored.data());
    mirror_line(stored.data(), length, first - 3 * (std::ptrdiff_t{length} - 1));
  }
}

}  // namespace unreel::image
