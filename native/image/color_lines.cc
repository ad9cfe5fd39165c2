#include "image/color_lines.h"

#include <array>
#include <memory>
#include <vector>

#include "base/check.h"
#include "image/color.h"
#include "image/component_lines.h"
#include "image/line_kernels.h"
#include "image/placement.h"

namespace unreel::image {
namespace {

/// The direction in which stored pixels stay neighbours in the upright picture.
Along along_of(const Picture& picture) { return picture.quarter_turns % 2 == 0 ? Along::rows : Along::columns; }

int colors_of(const PixelLayout& layout) { return layout.component_count - (layout.has_alpha ? 1 : 0); }

/// A line of the picture, along its rows or its columns, as RGB in the stored order. Lines are asked for in order.
class RgbLines {
 public:
  RgbLines() = default;
  virtual ~RgbLines() = default;
  RgbLines(const RgbLines&) = delete;
  RgbLines& operator=(const RgbLines&) = delete;

  virtual void convert(int line, std::uint8_t* rgb) = 0;
};

class YcbcrLines final : public RgbLines {
 public:
  YcbcrLines(const Picture& picture, Along along)
      : k_(color_coefficients(picture.matrix, picture.range, picture.layout.components[0].depth)),
        length_(along == Along::rows ? picture.width : picture.height),
        shift_along_(along == Along::rows ? picture.layout.chroma_shift_x : picture.layout.chroma_shift_y),
        shift_across_(along == Along::rows ? picture.layout.chroma_shift_y : picture.layout.chroma_shift_x),
        luma_(picture, picture.layout.components[0], picture.width, picture.height, along),
        u_(chroma_of(picture, 1, along)),
        v_(chroma_of(picture, 2, along)),
        terms_(static_cast<std::size_t>(length_)) {}

  void convert(int line, std::uint8_t* rgb) override {
    const int chroma_line = line >> shift_across_;
    if (chroma_line != terms_line_) {
      const int count = (length_ + (1 << shift_along_) - 1) >> shift_along_;
      chroma_terms(u_.line(chroma_line), v_.line(chroma_line), count, shift_along_, k_, terms_);
      terms_line_ = chroma_line;
    }
    ycbcr_line(luma_.line(line), terms_, length_, k_, rgb);
  }

 private:
  static ComponentLines chroma_of(const Picture& picture, std::size_t component, Along along) {
    const PixelLayout& layout = picture.layout;
    const int width = (picture.width + (1 << layout.chroma_shift_x) - 1) >> layout.chroma_shift_x;
    const int height = (picture.height + (1 << layout.chroma_shift_y) - 1) >> layout.chroma_shift_y;
    return {picture, layout.components[component], width, height, along};
  }

  ColorCoefficients k_;
  int length_;
  int shift_along_;
  int shift_across_;
  ComponentLines luma_, u_, v_;
  ChromaTerms terms_;
  int terms_line_ = -1;
};

/// Bytes of RGB, or of gray taken three times.
class ChannelLines final : public RgbLines {
 public:
  ChannelLines(const Picture& picture, Along along) : length_(along == Along::rows ? picture.width : picture.height) {
    const int colors = colors_of(picture.layout);
    for (std::size_t c = 0; c < static_cast<std::size_t>(colors); ++c) {
      channels_.emplace_back(picture, picture.layout.components[c], picture.width, picture.height, along);
    }
  }

  void convert(int line, std::uint8_t* rgb) override {
    const std::uint8_t* first = channels_.front().line(line).bytes;
    if (channels_.size() == 1) return interleave_line(first, first, first, length_, rgb);
    interleave_line(first, channels_[1].line(line).bytes, channels_[2].line(line).bytes, length_, rgb);
  }

 private:
  int length_;
  std::vector<ComponentLines> channels_;
};

/// RGB whose pixels are 3 or 4 bytes each, along rows.
class PackedLines final : public RgbLines {
 public:
  explicit PackedLines(const Picture& picture)
      : picture_(picture), plane_(static_cast<std::size_t>(picture.layout.components[0].plane)) {
    for (std::size_t c = 0; c < 3; ++c) order_[c] = picture.layout.components[c].offset;
  }

  void convert(int line, std::uint8_t* rgb) override {
    const std::uint8_t* first = picture_.planes[plane_] + line * picture_.strides[plane_];
    repack_line(first, picture_.layout.components[0].step, order_, picture_.width, rgb);
  }

 private:
  const Picture& picture_;
  std::size_t plane_;
  std::array<int, 3> order_{};
};

bool are_packed_bytes(const PixelLayout& layout) {
  const Component& first = layout.components[0];
  if (layout.big_endian || (first.step != 3 && first.step != 4)) return false;
  for (std::size_t c = 0; c < 3; ++c) {
    const Component& component = layout.components[c];
    if (component.plane != first.plane || component.step != first.step) return false;
    if (component.shift != 0 || component.depth != 8) return false;
    if (component.offset < 0 || component.offset >= component.step) return false;
  }
  return true;
}

bool are_all_bytes(const PixelLayout& layout) {
  for (std::size_t c = 0; c < static_cast<std::size_t>(colors_of(layout)); ++c) {
    if (!ComponentLines::are_bytes(layout, layout.components[c])) return false;
  }
  return true;
}

/// Samples that read_samples takes and the reference does not refuse.
bool is_readable(const Component& component) {
  return component.depth >= 2 && component.depth <= 16 && component.shift >= 0 &&
         component.shift + component.depth <= 32;
}

bool is_ycbcr_with_kernels(const Picture& picture) {
  const PixelLayout& layout = picture.layout;
  for (std::size_t c = 0; c < 3; ++c) {
    if (layout.components[c].depth != layout.components[0].depth) return false;
  }
  const int depth = layout.components[0].depth;
  const bool alike = ComponentLines::are_bytes(layout, layout.components[1]) ==
                     ComponentLines::are_bytes(layout, layout.components[2]);
  const int shift = along_of(picture) == Along::rows ? layout.chroma_shift_x : layout.chroma_shift_y;
  return depth >= 8 && depth <= 12 && alike && shift <= 1;
}

std::unique_ptr<RgbLines> lines_of(const Picture& picture) {
  const Along along = along_of(picture);
  const bool channels = picture.layout.is_rgb || colors_of(picture.layout) == 1;
  if (channels && !are_all_bytes(picture.layout)) return std::make_unique<PackedLines>(picture);
  if (channels) return std::make_unique<ChannelLines>(picture, along);
  return std::make_unique<YcbcrLines>(picture, along);
}

}  // namespace

bool has_line_kernels(const Picture& picture) {
  const PixelLayout& layout = picture.layout;
  if (layout.component_count < 1 || layout.component_count > 4 || layout.has_palette) return false;
  if (layout.has_alpha && picture.alpha == Alpha::on_black) return false;
  for (std::size_t c = 0; c < static_cast<std::size_t>(layout.component_count); ++c) {
    if (!is_readable(layout.components[c])) return false;
  }
  const int colors = colors_of(layout);
  if (colors != 1 && colors != 3) return false;
  if (colors == 3 && !layout.is_rgb) return is_ycbcr_with_kernels(picture);
  if (are_all_bytes(layout)) return true;
  return colors == 3 && along_of(picture) == Along::rows && are_packed_bytes(layout);
}

void to_rgb_by_lines(const Picture& picture, std::uint8_t* rgb) {
  UNREEL_CHECK(picture.width > 0 && picture.height > 0 && has_line_kernels(picture));
  const std::unique_ptr<RgbLines> lines = lines_of(picture);
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
