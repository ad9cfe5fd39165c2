#include "image/color.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "pictures.h"

namespace unreel::image {
namespace {

using test::Planar;
using test::random_samples;
using test::rgb_of;
using test::Samples;

constexpr Matrix kMatrices[] = {Matrix::bt601, Matrix::bt709, Matrix::bt2020, Matrix::smpte240m};

TEST(ColorCoefficients, AreThoseOfFfmpegRounded) {
  // libswscale/yuv2rgb.c, ff_yuv2rgb_coeffs: crv, cbu, cgu, cgv for limited range at 16 fraction bits; some truncated.
  const std::int32_t expected[4][4] = {{104597, 132201, 25675, 53279},
                                       {117489, 138438, 13975, 34925},
                                       {110013, 140363, 12277, 42626},
                                       {117579, 136230, 16907, 35559}};
  for (int i = 0; i < 4; ++i) {
    const ColorCoefficients k = color_coefficients(kMatrices[i], Range::limited, 8);
    EXPECT_EQ(k.luma, 76309);
    EXPECT_EQ(k.luma_offset, 16);
    EXPECT_EQ(k.neutral, 128);
    EXPECT_NEAR(k.red_v, expected[i][0], 1);
    EXPECT_NEAR(k.blue_u, expected[i][1], 1);
    EXPECT_NEAR(k.green_u, expected[i][2], 1);
    EXPECT_NEAR(k.green_v, expected[i][3], 1);
  }
}

/// H.273 inverted in float64: level in 0..255, not rounded.
std::array<double, 3> reference(Matrix matrix, Range range, int depth, int y, int u, int v) {
  const double kr = matrix == Matrix::bt601    ? 0.299
                    : matrix == Matrix::bt709  ? 0.2126
                    : matrix == Matrix::bt2020 ? 0.2627
                                               : 0.212;
  const double kb = matrix == Matrix::bt601    ? 0.114
                    : matrix == Matrix::bt709  ? 0.0722
                    : matrix == Matrix::bt2020 ? 0.0593
                                               : 0.087;
  const double unit = std::ldexp(1.0, depth - 8);
  const double top = std::ldexp(1.0, depth) - 1;
  const bool full = range == Range::full;
  const double luma = full ? y / top : (y - 16 * unit) / (219 * unit);
  const double chroma_range = full ? top : 224 * unit;
  const double cb = (u - 128 * unit) / chroma_range;
  const double cr = (v - 128 * unit) / chroma_range;
  const double red = luma + 2 * (1 - kr) * cr;
  const double blue = luma + 2 * (1 - kb) * cb;
  const double green = (luma - kr * red - kb * blue) / (1 - kr - kb);
  return {255 * red, 255 * green, 255 * blue};
}

TEST(ToRgb, RoundsTheFloat64DefinitionForEveryMatrixRangeAndDepth) {
  for (const Matrix matrix : kMatrices) {
    for (const Range range : {Range::limited, Range::full}) {
      for (const int depth : {8, 9, 10, 12, 13, 14, 16}) {
        const Samples y = random_samples(97, 31, depth, 1);
        const Samples u = random_samples(97, 31, depth, 2);
        const Samples v = random_samples(97, 31, depth, 3);
        Planar planar(y, u, v, depth, 0, 0);
        planar.picture.matrix = matrix;
        planar.picture.range = range;
        const auto rgb = rgb_of(planar.picture);
        for (std::size_t i = 0; i < y.values.size(); ++i) {
          const auto level = reference(matrix, range, depth, y.values[i], u.values[i], v.values[i]);
          for (std::size_t c = 0; c < 3; ++c) {
            // Constants of 16 fraction bits move a level by less than 0.01: only near a half may the byte differ.
            const double clamped = std::clamp(level[c], 0.0, 255.0);
            ASSERT_LE(std::fabs(rgb[3 * i + c] - clamped), 0.51) << "depth " << depth << " sample " << i;
          }
        }
      }
    }
  }
}

TEST(ToRgb, MapsTheEndsOfBothRanges) {
  const Samples neutral{1, 1, {128}};
  const auto gray = [&](int y, Range range) {
    Planar planar({1, 1, {static_cast<std::uint16_t>(y)}}, neutral, neutral, 8, 0, 0);
    planar.picture.range = range;
    return rgb_of(planar.picture);
  };
  using Bytes = std::vector<std::uint8_t>;
  EXPECT_EQ(gray(16, Range::limited), (Bytes{0, 0, 0}));
  EXPECT_EQ(gray(235, Range::limited), (Bytes{255, 255, 255}));
  EXPECT_EQ(gray(0, Range::limited), (Bytes{0, 0, 0}));
  EXPECT_EQ(gray(255, Range::limited), (Bytes{255, 255, 255}));
  EXPECT_EQ(gray(0, Range::full), (Bytes{0, 0, 0}));
  EXPECT_EQ(gray(200, Range::full), (Bytes{200, 200, 200}));
  EXPECT_EQ(gray(255, Range::full), (Bytes{255, 255, 255}));
}

TEST(ToRgb, ReplicatesChromaAndCoversOddEdges) {
  struct Subsampling {
    int x, y;
  };
  for (const Subsampling s : {Subsampling{1, 1}, {1, 0}, {0, 1}, {2, 0}, {2, 2}}) {
    const int width = 13;
    const int height = 7;
    const int chroma_width = (width + (1 << s.x) - 1) >> s.x;
    const int chroma_height = (height + (1 << s.y) - 1) >> s.y;
    const Samples y = random_samples(width, height, 8, 4);
    const Samples u = random_samples(chroma_width, chroma_height, 8, 5);
    const Samples v = random_samples(chroma_width, chroma_height, 8, 6);
    Samples wide_u{width, height, {}};
    Samples wide_v{width, height, {}};
    for (int row = 0; row < height; ++row) {
      for (int x = 0; x < width; ++x) {
        wide_u.values.push_back(u.at(x >> s.x, row >> s.y));
        wide_v.values.push_back(v.at(x >> s.x, row >> s.y));
      }
    }
    const Planar subsampled(y, u, v, 8, s.x, s.y);
    const Planar whole(y, wide_u, wide_v, 8, 0, 0);
    EXPECT_EQ(rgb_of(subsampled.picture), rgb_of(whole.picture)) << s.x << ", " << s.y;
  }
}

TEST(ToRgb, BringsEveryOrientationUpright) {
  // Full-range luma alone: a stored picture of 3 x 2 with the levels
  //   1 2 3
  //   4 5 6
  const Samples y{3, 2, {1, 2, 3, 4, 5, 6}};
  const Samples neutral{3, 2, {128, 128, 128, 128, 128, 128}};
  struct Case {
    int turns;
    bool flipped;
    std::vector<std::uint8_t> upright;
  };
  const std::vector<Case> cases = {{0, false, {1, 2, 3, 4, 5, 6}}, {1, false, {4, 1, 5, 2, 6, 3}},
                                   {2, false, {6, 5, 4, 3, 2, 1}}, {3, false, {3, 6, 2, 5, 1, 4}},
                                   {0, true, {3, 2, 1, 6, 5, 4}},  {1, true, {6, 3, 5, 2, 4, 1}},
                                   {2, true, {4, 5, 6, 1, 2, 3}},  {3, true, {1, 4, 2, 5, 3, 6}}};
  for (const Case& c : cases) {
    Planar planar(y, neutral, neutral, 8, 0, 0);
    planar.picture.range = Range::full;
    planar.picture.quarter_turns = c.turns;
    planar.picture.flipped = c.flipped;
    EXPECT_EQ(planar.picture.shown_width(), c.turns % 2 == 0 ? 3 : 2);
    std::vector<std::uint8_t> expected;
    for (std::uint8_t level : c.upright) expected.insert(expected.end(), 3, level);
    EXPECT_EQ(rgb_of(planar.picture), expected) << c.turns << (c.flipped ? " flipped" : "");
  }
}

TEST(ToRgb, FollowsNegativeStrides) {
  const Samples y = random_samples(5, 4, 8, 8);
  const Samples u = random_samples(5, 4, 8, 9);
  const Samples v = random_samples(5, 4, 8, 10);
  Planar planar(y, u, v, 8, 0, 0);
  const auto upright = rgb_of(planar.picture);
  for (std::size_t c = 0; c < 3; ++c) {
    planar.picture.planes[c] += 3 * planar.picture.strides[c];
    planar.picture.strides[c] = -planar.picture.strides[c];
  }
  const auto turned = rgb_of(planar.picture);
  for (std::size_t row = 0; row < 4; ++row) {
    EXPECT_TRUE(std::equal(&turned[row * 15], &turned[row * 15] + 15, &upright[(3 - row) * 15]));
  }
}

}  // namespace
}  // namespace unreel::image
