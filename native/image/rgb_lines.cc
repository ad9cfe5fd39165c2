#include "image/rgb_lines.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/byte_buffer.h"
#include "image/color.h"
#include "image/color_lines.h"
#include "image/line_kernels.h"
#include "image/resize_kernels.h"

namespace unreel::image {
namespace {

int colors_of(const PixelLayout& layout) { return layout.component_count - (layout.has_alpha ? 1 : 0); }

/// A block's lines, a channel each, in memory of its own.
class ChannelScratch {
 public:
  explicit ChannelScratch(int length) : stride_(static_cast<std::size_t>(length) + kLinePadding) {}

  /// Made when first asked for: whole pictures need none.
  std::array<std::uint8_t*, 3> line(std::size_t row) {
    if (bytes_.size() == 0) bytes_ = ByteBuffer(3 * kMostRows * stride_);
    std::uint8_t* const first = bytes_.data() + 3 * row * stride_;
    return {first, first + stride_, first + 2 * stride_};
  }

 private:
  std::size_t stride_;
  ByteBuffer bytes_;
};

/// What fill_block_planar() takes.
struct ChannelBlock {
  const std::uint8_t* lines[3][kMostRows] = {};

  template <class Channels>
  void set(std::size_t row, const Channels& channels) {
    for (std::size_t c = 0; c < 3; ++c) lines[c][row] = channels[c];
  }
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
        terms_(static_cast<std::size_t>(length_)),
        scratch_(length_) {}

  void convert(int line, std::uint8_t* rgb) override {
    prepare_terms(line);
    ycbcr_line(luma_.line(line), terms_, length_, k_, rgb);
  }

  void fill_block(const int* lines, std::uint8_t* block) override {
    ChannelBlock all;
    for (std::size_t row = 0; row < rows_of_block(); ++row) {
      const auto channels = scratch_.line(row);
      prepare_terms(lines[row]);
      ycbcr_channels(luma_.line(lines[row]), terms_, length_, k_, channels);
      all.set(row, channels);
    }
    fill_block_planar(all.lines, static_cast<std::size_t>(length_), block);
  }

 private:
  void prepare_terms(int line) {
    const int chroma_line = line >> shift_across_;
    if (chroma_line == terms_line_) return;
    const int count = (length_ + (1 << shift_along_) - 1) >> shift_along_;
    chroma_terms(u_.line(chroma_line), v_.line(chroma_line), count, shift_along_, k_, terms_);
    terms_line_ = chroma_line;
  }

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
  ChannelScratch scratch_;
};

/// Bytes of RGB, or of gray taken three times.
class ChannelLines final : public RgbLines {
 public:
  ChannelLines(const Picture& picture, Along along)
      : length_(along == Along::rows ? picture.width : picture.height), stay_(along == Along::rows), scratch_(length_) {
    const int colors = colors_of(picture.layout);
    for (std::size_t c = 0; c < static_cast<std::size_t>(colors); ++c) {
      channels_.emplace_back(picture, picture.layout.components[c], picture.width, picture.height, along);
    }
  }

  void convert(int line, std::uint8_t* rgb) override {
    const auto channels = channels_at(line);
    interleave_line(channels[0], channels[1], channels[2], length_, rgb);
  }

  void fill_block(const int* lines, std::uint8_t* block) override {
    ChannelBlock all;
    for (std::size_t row = 0; row < rows_of_block(); ++row) {
      const auto channels = channels_at(lines[row]);
      if (stay_) {
        all.set(row, channels);
        continue;
      }
      const auto copies = scratch_.line(row);
      for (std::size_t c = 0; c < 3; ++c) std::copy_n(channels[c], length_, copies[c]);
      all.set(row, copies);
    }
    fill_block_planar(all.lines, static_cast<std::size_t>(length_), block);
  }

 private:
  std::array<const std::uint8_t*, 3> channels_at(int line) {
    const std::uint8_t* first = channels_.front().line(line).bytes;
    if (channels_.size() == 1) return {first, first, first};
    return {first, channels_[1].line(line).bytes, channels_[2].line(line).bytes};
  }

  int length_;
  bool stay_;  ///< lines are the picture's own; else they are good until the next is asked for
  std::vector<ComponentLines> channels_;
  ChannelScratch scratch_;
};

/// RGB whose pixels are 3 or 4 bytes each, along rows.
class PackedLines final : public RgbLines {
 public:
  explicit PackedLines(const Picture& picture)
      : picture_(picture), plane_(static_cast<std::size_t>(picture.layout.components[0].plane)) {
    for (std::size_t c = 0; c < 3; ++c) order_[c] = picture.layout.components[c].offset;
  }

  void convert(int line, std::uint8_t* rgb) override {
    repack_line(row_at(line), picture_.layout.components[0].step, order_, picture_.width, rgb);
  }

  void fill_block(const int* lines, std::uint8_t* block) override {
    const std::uint8_t* rows[kMostRows];
    for (std::size_t row = 0; row < rows_of_block(); ++row) rows[row] = row_at(lines[row]);
    fill_block_packed(rows, picture_.layout.components[0].step, order_, static_cast<std::size_t>(picture_.width),
                      block);
  }

 private:
  const std::uint8_t* row_at(int line) const { return picture_.planes[plane_] + line * picture_.strides[plane_]; }

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

}  // namespace

Along along_of(const Picture& picture) { return picture.quarter_turns % 2 == 0 ? Along::rows : Along::columns; }

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

std::unique_ptr<RgbLines> rgb_lines_of(const Picture& picture) {
  const Along along = along_of(picture);
  const bool channels = picture.layout.is_rgb || colors_of(picture.layout) == 1;
  if (channels && !are_all_bytes(picture.layout)) return std::make_unique<PackedLines>(picture);
  if (channels) return std::make_unique<ChannelLines>(picture, along);
  return std::make_unique<YcbcrLines>(picture, along);
}

}  // namespace unreel::image
