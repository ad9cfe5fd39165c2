// Tiles of every layout, turn and size against the definition, pixel by pixel.
#include "image/luma_tiles.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "image/placement.h"
#include "image/preprocessing.h"
#include "pictures.h"

namespace unreel::image {
namespace {

using test::Planar;
using test::random_samples;
using test::Samples;
using Bytes = std::vector<std::uint8_t>;

Bytes tiles_of(const Picture& picture, int size) {
  Bytes tiles(static_cast<std::size_t>(kLumaTiles * size * size));
  luma_tiles(picture, size, tiles.data());
  return tiles;
}

/// The stored brightness laid upright, by the definition of Picture's turns.
Bytes upright(const Picture& picture, const Bytes& stored) {
  const Placement place = placement_of(picture);
  Bytes shown(stored.size());
  for (std::ptrdiff_t y = 0; y < picture.height; ++y) {
    for (std::ptrdiff_t x = 0; x < picture.width; ++x) {
      shown[static_cast<std::size_t>(place.origin + x * place.step_x + y * place.step_y)] =
          stored[static_cast<std::size_t>(y * picture.width + x)];
    }
  }
  return shown;
}

/// -1 is 1, `length` is length - 2.
int reflected(int index, int length) {
  while (index < 0 || index >= length) {
    if (length == 1) return 0;
    index = index < 0 ? -index : 2 * (length - 1) - index;
  }
  return index;
}

Bytes expected_tiles(const Bytes& shown, int width, int height, int size) {
  const int percent[] = {0, 35, 50, 65, 100};
  const auto begin = [&](int length, int share) {
    return static_cast<int>(std::floor(std::max(length - size, 0) * share / 100.0 + 0.5));
  };
  Bytes tiles;
  for (const bool middle : {true, false}) {
    for (int row = 0; row < 5; ++row) {
      for (int column = 0; column < 5; ++column) {
        if ((row % 4 != 0 && column % 4 != 0) != middle) continue;
        for (int y = 0; y < size; ++y) {
          for (int x = 0; x < size; ++x) {
            const int from_y = reflected(begin(height, percent[row]) + y, height);
            const int from_x = reflected(begin(width, percent[column]) + x, width);
            tiles.push_back(shown[static_cast<std::size_t>(from_y * width + from_x)]);
          }
        }
      }
    }
  }
  return tiles;
}

void expect_tiles(const Picture& picture, const Bytes& stored, int size) {
  const Bytes shown = upright(picture, stored);
  EXPECT_EQ(tiles_of(picture, size), expected_tiles(shown, picture.shown_width(), picture.shown_height(), size))
      << picture.width << " x " << picture.height << ", turns " << picture.quarter_turns << ", flipped "
      << picture.flipped << ", tile " << size;
}

TEST(LumaTiles, AreTheDefinitionsAtEverySizeAndTurn) {
  for (const auto& [width, height] :
       {std::pair{1, 1}, {1, 9}, {2, 2}, {7, 3}, {16, 16}, {17, 40}, {33, 29}, {90, 64}}) {
    const Samples y = random_samples(width, height, 8, 7);
    const Samples chroma = random_samples((width + 1) / 2, (height + 1) / 2, 8, 8);
    Planar planar(y, chroma, chroma, 8, 1, 1);
    for (int turns = 0; turns < 4; ++turns) {
      for (const bool flipped : {false, true}) {
        planar.picture.quarter_turns = turns;
        planar.picture.flipped = flipped;
        expect_tiles(planar.picture, planar.bytes[0], 16);
      }
    }
  }
}

TEST(LumaTiles, OfMoreThanEightBitsAreRoundedToBytes) {
  for (const auto& [depth, shift, big_endian] :
       {std::tuple{9, 0, false}, {10, 0, false}, {10, 6, false}, {12, 0, true}, {16, 0, false}}) {
    const Samples y = random_samples(40, 33, depth, 3);
    const Planar planar(y, y, y, depth, 0, 0, shift, big_endian);
    Bytes stored;
    for (const std::uint16_t value : y.values) {
      stored.push_back(
          static_cast<std::uint8_t>(std::min(std::floor(value / std::ldexp(1.0, depth - 8) + 0.5), 255.0)));
    }
    expect_tiles(planar.picture, stored, 16);
  }
}

TEST(LumaTiles, OfPackedYuyvAreItsLuma) {
  const Samples y = random_samples(40, 20, 8, 4);
  Bytes packed;
  for (const std::uint16_t value : y.values) {
    packed.push_back(static_cast<std::uint8_t>(value));
    packed.push_back(99);
  }
  Picture picture;
  picture.width = 40;
  picture.height = 20;
  picture.planes[0] = packed.data();
  picture.strides[0] = 80;
  picture.layout.component_count = 3;
  picture.layout.chroma_shift_x = 1;
  picture.layout.components = {{{0, 2, 0, 0, 8}, {0, 4, 1, 0, 8}, {0, 4, 3, 0, 8}}};
  expect_tiles(picture, Bytes(test::plane_of(y, 8)), 16);
}

TEST(LumaTiles, OfRgbAreTheWeightedSumAndOfGrayItself) {
  const Samples values = random_samples(3 * 30, 25, 8, 5);
  const Bytes rgb = test::plane_of(values, 8);
  Picture picture;
  picture.width = 30;
  picture.height = 25;
  picture.planes[0] = rgb.data();
  picture.strides[0] = 90;
  picture.layout.component_count = 3;
  picture.layout.is_rgb = true;
  picture.layout.components = {{{0, 3, 0, 0, 8}, {0, 3, 1, 0, 8}, {0, 3, 2, 0, 8}}};
  Bytes stored;
  for (std::size_t i = 0; i < rgb.size(); i += 3)
    stored.push_back(static_cast<std::uint8_t>((77 * rgb[i] + 150 * rgb[i + 1] + 29 * rgb[i + 2] + 128) >> 8));
  picture.quarter_turns = 1;
  expect_tiles(picture, stored, 16);

  Picture gray = picture;
  gray.width = 90;
  gray.layout = {};
  gray.layout.component_count = 1;
  gray.layout.components = {{{0, 1, 0, 0, 8}}};
  gray.quarter_turns = 0;
  expect_tiles(gray, rgb, 16);
}

TEST(LumaTiles, OfALayoutThatNobodyReadsAreRefused) {
  const Samples y = random_samples(8, 8, 4, 6);
  const Planar planar(y, y, y, 4, 0, 0);
  try {
    tiles_of(planar.picture, 16);
    ADD_FAILURE() << "4 bits were accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::codec_unsupported);
  }
}

TEST(LumaTiles, AreAPreprocessingByName) {
  EXPECT_EQ(variant_named("luma-tiles"), Variant::luma_tiles);
  const Samples y = random_samples(50, 50, 8, 9);
  const Planar planar(y, y, y, 8, 0, 0);
  const Preprocessing recipe{Variant::luma_tiles, 16, {}};
  Bytes out(recipe.bytes());
  EXPECT_EQ(out.size(), std::size_t{25 * 16 * 16});
  preprocess(planar.picture, recipe, out.data());
  EXPECT_EQ(out, tiles_of(planar.picture, 16));
}

}  // namespace
}  // namespace unreel::image
