#include "image/picture_region.h"

#include "base/check.h"

namespace unreel::image {

Picture region_of(const Picture& picture, const Region& region) {
  const PixelLayout& layout = picture.layout;
  UNREEL_CHECK(region.x % (1 << layout.chroma_shift_x) == 0 && region.y % (1 << layout.chroma_shift_y) == 0);
  Picture part = picture;
  part.width = region.width;
  part.height = region.height;
  for (std::size_t c = 0; c < static_cast<std::size_t>(layout.component_count); ++c) {
    const bool is_chroma = !layout.is_rgb && (c == 1 || c == 2);
    const Component& component = layout.components[c];
    const std::ptrdiff_t x = region.x >> (is_chroma ? layout.chroma_shift_x : 0);
    const std::ptrdiff_t y = region.y >> (is_chroma ? layout.chroma_shift_y : 0);
    const auto plane = static_cast<std::size_t>(component.plane);
    part.planes[plane] = picture.planes[plane] + y * picture.strides[plane] + x * component.step;
  }
  return part;
}

}  // namespace unreel::image
