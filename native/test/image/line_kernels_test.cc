// Every vector target that this CPU has gives the bytes of the plain code.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "base/simd_target.h"
#include "forms.h"
#include "image/color.h"
#include "image/color_lines.h"
#include "image/color_reference.h"

namespace unreel::image {
namespace {

using Bytes = std::vector<std::uint8_t>;

using test::Form;
using test::forms;
using test::kMatrices;
using test::kRanges;
using test::Noise;
using test::planar;
using test::TargetGuard;
using test::vector_targets;

std::size_t size_of(const Picture& picture) {
  return static_cast<std::size_t>(picture.width) * static_cast<std::size_t>(picture.height) * 3;
}

Bytes reference_of(const Picture& picture) {
  Bytes rgb(size_of(picture));
  to_rgb_reference(picture, rgb.data());
  return rgb;
}

/// What to_rgb writes, and whether it left what lies behind alone.
Bytes guarded_rgb_of(const Picture& picture) {
  Bytes rgb(size_of(picture) + 64, 0xa5);
  to_rgb(picture, rgb.data());
  EXPECT_TRUE(std::all_of(rgb.end() - 64, rgb.end(), [](std::uint8_t v) { return v == 0xa5; }));
  rgb.resize(size_of(picture));
  return rgb;
}

TEST(LineKernels, EqualTheReferenceAtEverySizeAndPlacement) {
  const TargetGuard guard;
  for (const std::string& target : vector_targets()) {
    set_simd_target(target);
    Random random(1);
    for (const Form& form : forms()) {
      for (int size = 1; size <= 67; ++size) {
        // Widths and heights take every value to 67, not every pair of them.
        const int other = 1 + static_cast<int>(random.below(67));
        for (const bool wide : {true, false}) {
          Noise noise(form, wide ? size : other, wide ? other : size, random);
          Picture& picture = noise.picture;
          picture.matrix = kMatrices[random.below(4)];
          picture.range = kRanges[random.below(2)];
          for (int placement = 0; placement < 8; ++placement) {
            picture.quarter_turns = placement % 4;
            picture.flipped = placement >= 4;
            ASSERT_TRUE(guarded_rgb_of(picture) == reference_of(picture))
                << target << ", " << form.name << ", " << picture.width << "x" << picture.height << ", "
                << picture.quarter_turns << " turns" << (picture.flipped ? ", flipped" : "");
          }
        }
      }
    }
  }
}

TEST(LineKernels, EqualTheReferenceForEveryMatrixRangeDepthAndSubsampling) {
  const TargetGuard guard;
  for (const std::string& target : vector_targets()) {
    set_simd_target(target);
    Random random(2);
    for (const int depth : {8, 9, 10, 11, 12}) {
      for (const auto& [shift_x, shift_y] : std::vector<std::pair<int, int>>{{0, 0}, {1, 0}, {0, 1}, {1, 1}}) {
        Noise noise(planar("planar", depth, shift_x, shift_y), 195, 130, random);
        ASSERT_TRUE(has_line_kernels(noise.picture));
        for (const Matrix matrix : kMatrices) {
          for (const Range range : kRanges) {
            noise.picture.matrix = matrix;
            noise.picture.range = range;
            ASSERT_TRUE(guarded_rgb_of(noise.picture) == reference_of(noise.picture))
                << target << ", depth " << depth << ", shifts " << shift_x << " " << shift_y << ", matrix "
                << static_cast<int>(matrix) << ", range " << static_cast<int>(range);
          }
        }
      }
    }
  }
}

TEST(LineKernels, FollowNegativeStrides) {
  const TargetGuard guard;
  for (const std::string& target : vector_targets()) {
    set_simd_target(target);
    Random random(3);
    Noise noise(planar("yuv444p", 8, 0, 0), 83, 41, random);
    for (std::size_t p = 0; p < 3; ++p) {
      noise.picture.planes[p] += 40 * noise.picture.strides[p];
      noise.picture.strides[p] = -noise.picture.strides[p];
    }
    for (noise.picture.quarter_turns = 0; noise.picture.quarter_turns < 4; ++noise.picture.quarter_turns) {
      EXPECT_TRUE(guarded_rgb_of(noise.picture) == reference_of(noise.picture)) << target;
    }
  }
}

/// The definition of color.h for 8 bits, each level worked out from its own formula.
struct Levels {
  explicit Levels(const ColorCoefficients& coefficients) : k(coefficients) {}

  std::array<std::uint8_t, 3> of(int luma, int cb, int cr) const {
    const int y = luma - k.luma_offset;
    const int u = cb - k.neutral;
    const int v = cr - k.neutral;
    const auto level = [&](int chroma) {
      return static_cast<std::uint8_t>(std::clamp((k.luma * y + chroma + 32768) >> 16, 0, 255));
    };
    return {level(k.red_v * v), level(-k.green_u * u - k.green_v * v), level(k.blue_u * u)};
  }

  ColorCoefficients k;
};

/// A picture for each luma: 256 x 256, u along a row and v along a column.
void expect_all_triples(const std::string& target, Matrix matrix, Range range) {
  Bytes luma(65536);
  Bytes u(65536);
  Bytes v(65536);
  for (std::size_t i = 0; i < 65536; ++i) {
    u[i] = static_cast<std::uint8_t>(i & 255);
    v[i] = static_cast<std::uint8_t>(i >> 8);
  }
  Picture picture;
  picture.width = picture.height = 256;
  picture.planes = {luma.data(), u.data(), v.data()};
  picture.strides = {256, 256, 256};
  picture.layout.component_count = 3;
  picture.layout.components = {{{0, 1, 0, 0, 8}, {1, 1, 0, 0, 8}, {2, 1, 0, 0, 8}}};
  picture.matrix = matrix;
  picture.range = range;
  const Levels levels(color_coefficients(matrix, range, 8));
  Bytes rgb(size_of(picture));
  for (int y = 0; y < 256; ++y) {
    std::fill(luma.begin(), luma.end(), static_cast<std::uint8_t>(y));
    to_rgb(picture, rgb.data());
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < 65536; ++i) {
      const auto expected = levels.of(y, u[i], v[i]);
      wrong += rgb[3 * i] != expected[0] || rgb[3 * i + 1] != expected[1] || rgb[3 * i + 2] != expected[2] ? 1 : 0;
    }
    ASSERT_EQ(wrong, 0U) << target << ", luma " << y << ", matrix " << static_cast<int>(matrix) << ", range "
                         << static_cast<int>(range);
  }
}

TEST(LineKernels, AreTheDefinitionForAllTriplesOf8Bits) {
  const TargetGuard guard;
  for (const Matrix matrix : kMatrices) {
    for (const Range range : kRanges) expect_all_triples(simd_target(), matrix, range);
  }
  for (const std::string& target : vector_targets()) {
    set_simd_target(target);
    expect_all_triples(target, Matrix::bt601, Range::limited);
  }
}

TEST(LineKernels, CoverTheCommonLayouts) {
  Random random(4);
  for (const Form& form : forms()) {
    const Noise noise(form, 4, 4, random);
    const bool covered = form.name != "yuv410p" && form.name != "yuv420p14";
    EXPECT_EQ(has_line_kernels(noise.picture), covered) << form.name;
  }
}

}  // namespace
}  // namespace unreel::image
