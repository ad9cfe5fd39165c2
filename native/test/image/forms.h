// Pictures of noise in every form that decoders give, for the tests that compare vector targets with plain code.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/simd_target.h"
#include "image/picture.h"
#include "test/support/target_guard.h"

namespace unreel::image::test {

using Bytes = std::vector<std::uint8_t>;

inline constexpr Matrix kMatrices[] = {Matrix::bt601, Matrix::bt709, Matrix::bt2020, Matrix::smpte240m};
inline constexpr Range kRanges[] = {Range::limited, Range::full};

using unreel::test::TargetGuard;

inline std::vector<std::string> vector_targets() {
  std::vector<std::string> names = simd_targets();
  names.pop_back();
  return names;
}

/// One plane of noise. Rows start at odd addresses and end in the noise of the next: a kernel that writes or reads the
/// wrong samples shows in the bytes; one that leaves the plane shows under a sanitizer.
struct Plane {
  Bytes bytes;
  std::ptrdiff_t stride = 0;

  Plane(int row_bytes, int rows, Random& random) : stride(row_bytes + 5) {
    bytes.resize(static_cast<std::size_t>(1 + stride * (rows - 1) + row_bytes));
    for (std::uint8_t& value : bytes) value = static_cast<std::uint8_t>(random.below(256));
  }
};

struct Form {
  std::string name;
  int shift_x = 0;
  int shift_y = 0;
  std::vector<Component> components;
  bool is_rgb = false;
  bool has_alpha = false;
};

inline Form planar(const std::string& name, int depth, int shift_x, int shift_y, int shift = 0) {
  const int step = depth + shift > 8 ? 2 : 1;
  return {name, shift_x, shift_y, {{0, step, 0, shift, depth}, {1, step, 0, shift, depth}, {2, step, 0, shift, depth}}};
}

inline std::vector<Form> forms() {
  std::vector<Form> all = {
      planar("yuv420p", 8, 1, 1),
      planar("yuv422p", 8, 1, 0),
      planar("yuv440p", 8, 0, 1),
      planar("yuv444p", 8, 0, 0),
      planar("yuv410p", 8, 2, 2),
      planar("yuv420p9", 9, 1, 1),
      planar("yuv420p10", 10, 1, 1),
      planar("yuv422p10", 10, 1, 0),
      planar("yuv444p10", 10, 0, 0),
      planar("yuv420p12", 12, 1, 1),
      planar("yuv444p12", 12, 0, 0),
      planar("yuv420p14", 14, 1, 1),
      planar("yuv422p10 in the high bits", 10, 1, 0, 6),
      {"nv12", 1, 1, {{0, 1, 0, 0, 8}, {1, 2, 0, 0, 8}, {1, 2, 1, 0, 8}}},
      {"nv21", 1, 1, {{0, 1, 0, 0, 8}, {1, 2, 1, 0, 8}, {1, 2, 0, 0, 8}}},
      {"p010", 1, 1, {{0, 2, 0, 6, 10}, {1, 4, 0, 6, 10}, {1, 4, 2, 6, 10}}},
      {"yuyv422", 1, 0, {{0, 2, 0, 0, 8}, {0, 4, 1, 0, 8}, {0, 4, 3, 0, 8}}},
      {"gray", 0, 0, {{0, 1, 0, 0, 8}}},
      {"gbrp", 0, 0, {{2, 1, 0, 0, 8}, {0, 1, 0, 0, 8}, {1, 1, 0, 0, 8}}, true},
      {"rgb24", 0, 0, {{0, 3, 0, 0, 8}, {0, 3, 1, 0, 8}, {0, 3, 2, 0, 8}}, true},
      {"bgr24", 0, 0, {{0, 3, 2, 0, 8}, {0, 3, 1, 0, 8}, {0, 3, 0, 0, 8}}, true},
      {"argb", 0, 0, {{0, 4, 1, 0, 8}, {0, 4, 2, 0, 8}, {0, 4, 3, 0, 8}, {0, 4, 0, 0, 8}}, true, true},
  };
  return all;
}

/// A picture of noise in a form; it points into the object.
struct Noise {
  std::vector<Plane> planes;
  Picture picture;

  Noise(const Form& form, int width, int height, Random& random) {
    picture.width = width;
    picture.height = height;
    PixelLayout& layout = picture.layout;
    layout.component_count = static_cast<int>(form.components.size());
    layout.chroma_shift_x = form.shift_x;
    layout.chroma_shift_y = form.shift_y;
    layout.is_rgb = form.is_rgb;
    layout.has_alpha = form.has_alpha;
    std::array<int, 4> row_bytes{};
    std::array<int, 4> rows{};
    for (std::size_t c = 0; c < form.components.size(); ++c) {
      const Component& component = form.components[c];
      layout.components[c] = component;
      const auto plane = static_cast<std::size_t>(component.plane);
      const int shift_x = c == 1 || c == 2 ? form.shift_x : 0;
      const int shift_y = c == 1 || c == 2 ? form.shift_y : 0;
      const int count = (width + (1 << shift_x) - 1) >> shift_x;
      row_bytes[plane] = std::max(row_bytes[plane], count * component.step);
      rows[plane] = std::max(rows[plane], (height + (1 << shift_y) - 1) >> shift_y);
    }
    for (std::size_t p = 0; p < 4 && rows[p] != 0; ++p) {
      planes.emplace_back(row_bytes[p], rows[p], random);
      picture.strides[p] = planes[p].stride;
    }
    for (std::size_t p = 0; p < planes.size(); ++p) picture.planes[p] = planes[p].bytes.data() + 1;
    picture.alpha = Alpha::dropped;
  }
};

}  // namespace unreel::image::test
