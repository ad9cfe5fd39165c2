// What image/ reads: samples in memory, described well enough for every layout a decoder gives.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace unreel::image {

/// Where one component of a pixel lies.
struct Component {
  int plane = 0;
  int step = 0;    ///< bytes between two horizontally neighbouring samples
  int offset = 0;  ///< bytes before the first sample
  int shift = 0;   ///< bits to shift right after reading
  int depth = 8;   ///< bits of a sample, 1 to 16
};

struct PixelLayout {
  std::array<Component, 4> components{};  ///< Y U V [A], R G B [A], gray [A]; a palette format has one (the index)
  int component_count = 0;                ///< alpha included
  int chroma_shift_x = 0;
  int chroma_shift_y = 0;
  bool is_rgb = false;
  bool has_alpha = false;
  bool has_palette = false;  ///< planes[1] holds 256 entries, native-endian 32-bit ARGB
  bool big_endian = false;
};

enum class Matrix { bt601, bt709, bt2020, smpte240m };
enum class Range { limited, full };

/// What becomes of transparency: laid on black, or left out as Pillow's convert("RGB") and FFmpeg's rgb24 leave it out.
enum class Alpha { on_black, dropped };

/// A view: owns nothing.
struct Picture {
  std::array<const std::uint8_t*, 4> planes{};
  std::array<std::ptrdiff_t, 4> strides{};
  int width = 0;  ///< as stored
  int height = 0;
  PixelLayout layout;
  Matrix matrix = Matrix::bt601;  ///< of Y'CbCr layouts; DESIGN: BT.601 when a stream says nothing
  Range range = Range::limited;
  int quarter_turns = 0;  ///< clockwise turns by 90 degrees that bring the picture upright
  bool flipped = false;   ///< mirrored left to right before the turns
  Alpha alpha = Alpha::on_black;

  int shown_width() const { return quarter_turns % 2 == 0 ? width : height; }
  int shown_height() const { return quarter_turns % 2 == 0 ? height : width; }
};

/// A view of height x width x 3 bytes of RGB.
inline Picture rgb_picture(const std::uint8_t* rgb, int width, int height) {
  Picture picture;
  picture.planes[0] = rgb;
  picture.strides[0] = 3 * std::ptrdiff_t{width};
  picture.width = width;
  picture.height = height;
  picture.layout.component_count = 3;
  picture.layout.is_rgb = true;
  for (int c = 0; c < 3; ++c) picture.layout.components[static_cast<std::size_t>(c)] = {0, 3, c, 0, 8};
  return picture;
}

}  // namespace unreel::image
