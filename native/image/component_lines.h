// One component of a picture, line after line, along the rows or along the columns.
#pragma once

#include <cstdint>
#include <vector>

#include "image/line_kernels.h"
#include "image/picture.h"

namespace unreel::image {

enum class Along { rows, columns };

/**
 * Gives lines of 1 to 16-bit samples; whole bytes that lie side by side come as bytes, all else as words. Columns are
 * transposed in strips: asking for lines in order is cheap. A line is good until the next call. Keeps a reference to
 * the picture. One thread at a time.
 */
class ComponentLines {
 public:
  /// width, height: the component's own, chroma subsampling taken in.
  ComponentLines(const Picture& picture, const Component& component, int width, int height, Along along);

  SampleLine line(int index);

  /// Whether bytes come; false for words.
  static bool are_bytes(const PixelLayout& layout, const Component& component);

 private:
  const std::uint8_t* row_of_bytes(int row) const;
  void fill_strip(int first);

  const Picture& picture_;
  Component component_;
  int width_;
  int height_;
  Along along_;
  bool bytes_;
  int strip_ = -1;                  ///< first column of the strip held
  std::vector<std::uint16_t> row_;  ///< samples read, rows of a strip without gaps
  std::vector<std::uint8_t> byte_columns_;
  std::vector<std::uint16_t> word_columns_;
};

}  // namespace unreel::image
