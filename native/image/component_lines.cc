#include "image/component_lines.h"

#include <algorithm>

#include "image/samples.h"

namespace unreel::image {
namespace {

/// Columns transposed at once: a cache line of bytes.
constexpr int kStrip = 64;

}  // namespace

ComponentLines::ComponentLines(const Picture& picture, const Component& component, int width, int height, Along along)
    : picture_(picture),
      component_(component),
      width_(width),
      height_(height),
      along_(along),
      bytes_(are_bytes(picture.layout, component)) {
  const auto rows = static_cast<std::size_t>(height);
  const std::size_t columns = static_cast<std::size_t>(std::min(width, kStrip));
  if (along == Along::rows) {
    if (!bytes_) row_.resize(static_cast<std::size_t>(width));
  } else if (bytes_) {
    byte_columns_.resize(columns * rows);
  } else {
    row_.resize(columns * rows);
    word_columns_.resize(columns * rows);
  }
}

bool ComponentLines::are_bytes(const PixelLayout& layout, const Component& component) {
  return component.step == 1 && component.shift == 0 && component.depth == 8 && !layout.big_endian;
}

const std::uint8_t* ComponentLines::row_of_bytes(int row) const {
  const auto plane = static_cast<std::size_t>(component_.plane);
  return picture_.planes[plane] + row * picture_.strides[plane] + component_.offset;
}

SampleLine ComponentLines::line(int index) {
  if (along_ == Along::rows) {
    if (bytes_) return {row_of_bytes(index), nullptr};
    read_samples(picture_, component_, index, width_, row_.data());
    return {nullptr, row_.data()};
  }
  const int first = index / kStrip * kStrip;
  if (first != strip_) fill_strip(first);
  const std::ptrdiff_t offset = std::ptrdiff_t{index - first} * height_;
  if (bytes_) return {byte_columns_.data() + offset, nullptr};
  return {nullptr, word_columns_.data() + offset};
}

void ComponentLines::fill_strip(int first) {
  const int columns = std::min(kStrip, width_ - first);
  strip_ = first;
  if (bytes_) {
    const std::ptrdiff_t stride = picture_.strides[static_cast<std::size_t>(component_.plane)];
    transpose(row_of_bytes(0) + first, stride, columns, height_, byte_columns_.data(), height_);
    return;
  }
  Component shifted = component_;
  shifted.offset += first * component_.step;
  for (int y = 0; y < height_; ++y) {
    read_samples(picture_, shifted, y, columns, &row_[static_cast<std::size_t>(y) * static_cast<std::size_t>(columns)]);
  }
  transpose(row_.data(), columns, columns, height_, word_columns_.data(), height_);
}

}  // namespace unreel::image
