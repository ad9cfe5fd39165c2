// The same picture in another layout is the same RGB.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "base/error.h"
#include "image/color.h"
#include "pictures.h"

namespace unreel::image {
namespace {

using test::Planar;
using test::plane_of;
using test::random_samples;
using test::rgb_of;
using test::Samples;
using Bytes = std::vector<std::uint8_t>;

/// A packed picture of one plane whose rows lie without gaps.
Picture packed(const Bytes& bytes, int width, int height, int row_bytes) {
  Picture picture;
  picture.width = width;
  picture.height = height;
  picture.planes[0] = bytes.data();
  picture.strides[0] = row_bytes;
  return picture;
}

TEST(Layout, SemiPlanarEqualsPlanar) {
  const Samples y = random_samples(9, 6, 8, 1);
  const Samples u = random_samples(5, 3, 8, 2);
  const Samples v = random_samples(5, 3, 8, 3);
  const Planar planar(y, u, v, 8, 1, 1);
  Bytes luma = plane_of(y, 8);
  for (const bool nv21 : {false, true}) {
    Bytes chroma;
    for (std::size_t i = 0; i < u.values.size(); ++i) {
      const auto first = static_cast<std::uint8_t>(u.values[i]);
      const auto second = static_cast<std::uint8_t>(v.values[i]);
      chroma.push_back(nv21 ? second : first);
      chroma.push_back(nv21 ? first : second);
    }
    Picture picture = planar.picture;
    picture.planes = {luma.data(), chroma.data()};
    picture.strides = {9, 10};
    picture.layout.components = {{{0, 1, 0, 0, 8}, {1, 2, nv21 ? 1 : 0, 0, 8}, {1, 2, nv21 ? 0 : 1, 0, 8}}};
    EXPECT_EQ(rgb_of(picture), rgb_of(planar.picture));
  }
}

TEST(Layout, PackedYuyvAndUyvyEqualPlanar) {
  const Samples y = random_samples(8, 3, 8, 1);
  const Samples u = random_samples(4, 3, 8, 2);
  const Samples v = random_samples(4, 3, 8, 3);
  const Planar planar(y, u, v, 8, 1, 0);
  for (const bool uyvy : {false, true}) {
    Bytes bytes;
    for (int row = 0; row < 3; ++row) {
      for (int x = 0; x < 4; ++x) {
        const Bytes luma = {static_cast<std::uint8_t>(y.at(2 * x, row)),
                            static_cast<std::uint8_t>(y.at(2 * x + 1, row))};
        const Bytes chroma = {static_cast<std::uint8_t>(u.at(x, row)), static_cast<std::uint8_t>(v.at(x, row))};
        for (std::size_t i = 0; i < 2; ++i) {
          bytes.push_back(uyvy ? chroma[i] : luma[i]);
          bytes.push_back(uyvy ? luma[i] : chroma[i]);
        }
      }
    }
    Picture picture = packed(bytes, 8, 3, 16);
    picture.layout.component_count = 3;
    picture.layout.chroma_shift_x = 1;
    const int first = uyvy ? 1 : 0;
    picture.layout.components = {{{0, 2, first, 0, 8}, {0, 4, 1 - first, 0, 8}, {0, 4, 3 - first, 0, 8}}};
    EXPECT_EQ(rgb_of(picture), rgb_of(planar.picture));
  }
}

TEST(Layout, DeepWordsMayBeBigEndianOrShifted) {
  const Samples y = random_samples(7, 4, 10, 1);
  const Samples u = random_samples(4, 2, 10, 2);
  const Samples v = random_samples(4, 2, 10, 3);
  const Planar little(y, u, v, 10, 1, 1);
  const Planar big(y, u, v, 10, 1, 1, 0, true);
  const Planar p010(y, u, v, 10, 1, 1, 6);
  const Planar p010_big(y, u, v, 10, 1, 1, 6, true);
  const Bytes expected = rgb_of(little.picture);
  EXPECT_EQ(rgb_of(big.picture), expected);
  EXPECT_EQ(rgb_of(p010.picture), expected);
  EXPECT_EQ(rgb_of(p010_big.picture), expected);
}

TEST(Layout, RgbInAnyOrder) {
  const Bytes bgr = {3, 2, 1, 6, 5, 4};
  Picture picture = packed(bgr, 2, 1, 6);
  picture.layout.component_count = 3;
  picture.layout.is_rgb = true;
  picture.layout.components = {{{0, 3, 2, 0, 8}, {0, 3, 1, 0, 8}, {0, 3, 0, 0, 8}}};
  EXPECT_EQ(rgb_of(picture), (Bytes{1, 2, 3, 4, 5, 6}));
}

TEST(Layout, PlanarGbrOfTenBitsIsRounded) {
  const Samples red{4, 1, {0, 1023, 2, 3}};
  const Samples green{4, 1, {512, 1, 1021, 1020}};
  const Samples blue{4, 1, {4, 5, 6, 7}};
  Planar planar(red, green, blue, 10, 0, 0);
  planar.picture.layout.is_rgb = true;
  Bytes expected;
  for (std::size_t i = 0; i < 4; ++i) {
    for (const Samples* channel : {&red, &green, &blue}) {
      expected.push_back(static_cast<std::uint8_t>(std::floor(channel->values[i] * 255.0 / 1023 + 0.5)));
    }
  }
  EXPECT_EQ(rgb_of(planar.picture), expected);
}

TEST(Layout, Rgb565InBothByteOrdersAsLibavDescribesIt) {
  // R 31, G 33, B 1: 11111 100001 00001; G 33 of 63 is 133.57 of 255, B 1 of 31 is 8.2.
  const std::uint16_t word = 31 << 11 | 33 << 5 | 1;
  const Bytes expected = {255, 134, 8};
  const Bytes little = {word & 0xff, word >> 8};
  Picture picture = packed(little, 1, 1, 2);
  picture.layout.component_count = 3;
  picture.layout.is_rgb = true;
  picture.layout.components = {{{0, 2, 1, 3, 5}, {0, 2, 0, 5, 6}, {0, 2, 0, 0, 5}}};
  EXPECT_EQ(rgb_of(picture), expected);

  const Bytes big = {word >> 8, word & 0xff};
  picture.planes[0] = big.data();
  picture.layout.big_endian = true;
  picture.layout.components = {{{0, 2, -1, 3, 5}, {0, 2, 0, 5, 6}, {0, 2, 0, 0, 5}}};
  EXPECT_EQ(rgb_of(picture), expected);
}

TEST(Layout, ThirtyTwoBitWords) {
  // x2rgb10le: 10 bits each from bit 20, 10 and 0.
  const std::uint32_t word = 1023U << 20 | 512U << 10 | 4U;
  Bytes bytes;
  for (int i = 0; i < 4; ++i) bytes.push_back(static_cast<std::uint8_t>(word >> (8 * i)));
  Picture picture = packed(bytes, 1, 1, 4);
  picture.layout.component_count = 3;
  picture.layout.is_rgb = true;
  picture.layout.components = {{{0, 4, 0, 20, 10}, {0, 4, 0, 10, 10}, {0, 4, 0, 0, 10}}};
  EXPECT_EQ(rgb_of(picture), (Bytes{255, 128, 1}));
}

TEST(Layout, AlphaIsLaidOnBlackOrDropped) {
  const Bytes bgra = {10, 20, 30, 255, 10, 20, 30, 0, 100, 200, 255, 128};
  Picture picture = packed(bgra, 3, 1, 12);
  picture.layout.component_count = 4;
  picture.layout.is_rgb = true;
  picture.layout.has_alpha = true;
  picture.layout.components = {{{0, 4, 2, 0, 8}, {0, 4, 1, 0, 8}, {0, 4, 0, 0, 8}, {0, 4, 3, 0, 8}}};
  EXPECT_EQ(rgb_of(picture), (Bytes{30, 20, 10, 0, 0, 0, 128, 100, 50}));
  picture.alpha = Alpha::dropped;
  EXPECT_EQ(rgb_of(picture), (Bytes{30, 20, 10, 30, 20, 10, 255, 200, 100}));
}

TEST(Layout, GrayIsFullRangeAndMayHaveAlpha) {
  const Bytes ya = {16, 255, 235, 255, 100, 51};
  Picture picture = packed(ya, 3, 1, 6);
  picture.range = Range::limited;
  picture.layout.component_count = 2;
  picture.layout.has_alpha = true;
  picture.layout.components = {{{0, 2, 0, 0, 8}, {0, 2, 1, 0, 8}}};
  EXPECT_EQ(rgb_of(picture), (Bytes{16, 16, 16, 235, 235, 235, 20, 20, 20}));

  const Bytes gray16 = {0xff, 0xff, 0x00, 0x80};
  picture = packed(gray16, 2, 1, 4);
  picture.layout.component_count = 1;
  picture.layout.components = {{{0, 2, 0, 0, 16}}};
  EXPECT_EQ(rgb_of(picture), (Bytes{255, 255, 255, 128, 128, 128}));
}

TEST(Layout, PaletteEntriesAreArgb) {
  std::vector<std::uint32_t> palette(256, 0xff000000U);
  palette[1] = 0xff102030U;
  palette[255] = 0x80ffffffU;
  palette[7] = 0x00ffffffU;
  const Bytes indices = {1, 255, 7, 0};
  Picture picture = packed(indices, 4, 1, 4);
  picture.planes[1] = reinterpret_cast<const std::uint8_t*>(palette.data());
  picture.layout.component_count = 1;
  picture.layout.has_palette = true;
  picture.layout.components = {{{0, 1, 0, 0, 8}}};
  EXPECT_EQ(rgb_of(picture), (Bytes{16, 32, 48, 128, 128, 128, 0, 0, 0, 0, 0, 0}));
  picture.alpha = Alpha::dropped;
  EXPECT_EQ(rgb_of(picture), (Bytes{16, 32, 48, 255, 255, 255, 255, 255, 255, 0, 0, 0}));
}

TEST(Layout, RefusesWhatItCannotRead) {
  const Bytes bytes(64, 0);
  const auto code_of = [&](const PixelLayout& layout) {
    Picture picture = packed(bytes, 2, 2, 8);
    picture.planes[1] = picture.planes[2] = bytes.data();
    picture.layout = layout;
    try {
      rgb_of(picture);
    } catch (const Error& error) {
      return std::string(error_info(error.code()).code);
    }
    return std::string("none");
  };
  PixelLayout monochrome;
  monochrome.component_count = 1;
  monochrome.components[0].depth = 1;
  PixelLayout floats;
  floats.component_count = 3;
  floats.is_rgb = true;
  for (Component& component : floats.components) component.depth = 32;
  PixelLayout unequal;
  unequal.component_count = 3;
  unequal.components[1].depth = 10;
  PixelLayout empty;
  PixelLayout two_colors;
  two_colors.component_count = 2;
  for (const PixelLayout& layout : {monochrome, floats, unequal, empty, two_colors}) {
    EXPECT_EQ(code_of(layout), "ERR_UNREEL_CODEC_UNSUPPORTED");
  }
}

}  // namespace
}  // namespace unreel::image
