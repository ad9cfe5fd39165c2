// Pictures made by hand for the tests of image/.
#pragma once

#include <cstdint>
#include <vector>

#include "base/random.h"
#include "image/color.h"
#include "image/picture.h"

namespace unreel::image::test {

inline std::vector<std::uint8_t> rgb_of(const Picture& picture) {
  std::vector<std::uint8_t> rgb(static_cast<std::size_t>(picture.width) * static_cast<std::size_t>(picture.height) * 3);
  to_rgb(picture, rgb.data());
  return rgb;
}

/// One component's samples, row after row.
struct Samples {
  int width = 0;
  int height = 0;
  std::vector<std::uint16_t> values;

  std::uint16_t at(int x, int y) const { return values[static_cast<std::size_t>(y * width + x)]; }
};

inline Samples random_samples(int width, int height, int depth, std::uint64_t seed) {
  Random random(seed);
  Samples samples{width, height, {}};
  for (int i = 0; i < width * height; ++i) {
    samples.values.push_back(static_cast<std::uint16_t>(random.below(std::uint64_t{1} << depth)));
  }
  return samples;
}

/// The samples as a plane of bytes: little-endian words of 16 bits where depth + shift exceeds 8, big-endian on
/// request.
inline std::vector<std::uint8_t> plane_of(const Samples& samples, int depth, int shift = 0, bool big_endian = false) {
  std::vector<std::uint8_t> bytes;
  for (std::uint16_t value : samples.values) {
    const auto word = static_cast<std::uint16_t>(value << shift);
    const auto low = static_cast<std::uint8_t>(word);
    const auto high = static_cast<std::uint8_t>(word >> 8);
    if (depth + shift <= 8) {
      bytes.push_back(low);
    } else {
      bytes.push_back(big_endian ? high : low);
      bytes.push_back(big_endian ? low : high);
    }
  }
  return bytes;
}

/// Three planes with a picture that views them. The picture points into the object, so that it must not be copied.
struct Planar {
  std::array<std::vector<std::uint8_t>, 3> bytes;
  Picture picture;

  Planar(const Samples& y, const Samples& u, const Samples& v, int depth, int shift_x, int shift_y, int shift = 0,
         bool big_endian = false) {
    const int step = depth + shift > 8 ? 2 : 1;
    picture.width = y.width;
    picture.height = y.height;
    picture.layout.component_count = 3;
    picture.layout.chroma_shift_x = shift_x;
    picture.layout.chroma_shift_y = shift_y;
    picture.layout.big_endian = big_endian;
    const std::array<const Samples*, 3> all = {&y, &u, &v};
    for (std::size_t c = 0; c < 3; ++c) {
      bytes[c] = plane_of(*all[c], depth, shift, big_endian);
      picture.planes[c] = bytes[c].data();
      picture.strides[c] = all[c]->width * step;
      picture.layout.components[c] = {static_cast<int>(c), step, 0, shift, depth};
    }
  }
  Planar(const Planar&) = delete;
  Planar& operator=(const Planar&) = delete;
};

}  // namespace unreel::image::test
