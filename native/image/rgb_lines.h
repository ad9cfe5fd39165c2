// A picture line after line, for the layouts that have vector kernels.
#pragma once

#include <cstdint>
#include <memory>

#include "image/component_lines.h"
#include "image/picture.h"

namespace unreel::image {

/// The direction in which stored pixels stay neighbours in the upright picture.
Along along_of(const Picture& picture);

/// Lines of the picture, along its rows or its columns, in the stored order. Asking for neighbours is cheap. One thread
/// at a time.
class RgbLines {
 public:
  RgbLines() = default;
  virtual ~RgbLines() = default;
  RgbLines(const RgbLines&) = delete;
  RgbLines& operator=(const RgbLines&) = delete;

  /// One line as pixels of 3 bytes.
  virtual void convert(int line, std::uint8_t* rgb) = 0;

  /// lines: rows_of_block() of them; block: see resize_kernels.h.
  virtual void fill_block(const int* lines, std::uint8_t* block) = 0;
};

/// For a picture that has_line_kernels(); keeps a reference to it.
std::unique_ptr<RgbLines> rgb_lines_of(const Picture& picture);

}  // namespace unreel::image
