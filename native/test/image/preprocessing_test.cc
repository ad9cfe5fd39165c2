#include "image/preprocessing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/random.h"
#include "test/support/assets.h"
#include "test/support/npy.h"

namespace unreel::image {
namespace {

constexpr int kSize = 224;

std::vector<std::uint8_t> noise(int width, int height, std::uint64_t seed) {
  Random random(seed);
  std::vector<std::uint8_t> rgb(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3);
  for (std::uint8_t& value : rgb) value = static_cast<std::uint8_t>(random.below(256));
  return rgb;
}

std::vector<std::uint8_t> crop_of(const std::vector<std::uint8_t>& rgb, int width, int height, int size = kSize,
                                  Variant variant = Variant::clip) {
  std::vector<std::uint8_t> out(static_cast<std::size_t>(size) * static_cast<std::size_t>(size) * 3);
  preprocess(rgb_picture(rgb.data(), width, height), {variant, size, {}}, out.data());
  return out;
}

// The antialiased bicubic of the same geometry in float64, whole picture, no integer coefficients.
struct Plane {
  std::vector<double> values;
  int width = 0;
  int height = 0;
};

double keys(double t) {
  t = std::fabs(t);
  if (t < 1) return 1.5 * t * t * t - 2.5 * t * t + 1;
  if (t < 2) return -0.5 * t * t * t + 2.5 * t * t - 4 * t + 2;
  return 0;
}

/// Source position and weights of output sample i of an axis of `in` samples resized to `out`.
std::vector<std::pair<int, double>> reference_taps(int in, int out, int i) {
  const double scale = static_cast<double>(in) / out;
  const double stretch = std::max(scale, 1.0);
  const double center = (i + 0.5) * scale;
  std::vector<std::pair<int, double>> taps;
  double sum = 0;
  const int low = std::max(0, static_cast<int>(center - 2 * stretch + 0.5));
  const int high = std::min(in, static_cast<int>(center + 2 * stretch + 0.5));
  for (int x = low; x < high; ++x) {
    taps.emplace_back(x, in == out ? (x == i ? 1.0 : 0.0) : keys((x + 0.5 - center) / stretch));
    sum += taps.back().second;
  }
  for (auto& tap : taps) tap.second /= sum;
  return taps;
}

Plane reference_resize(const Plane& in, int width, int height) {
  const auto byte = [](double v) { return std::clamp(std::floor(v + 0.5), 0.0, 255.0); };
  Plane narrow{std::vector<double>(static_cast<std::size_t>(width * in.height)), width, in.height};
  for (int x = 0; x < width; ++x) {
    const auto taps = reference_taps(in.width, width, x);
    for (int y = 0; y < in.height; ++y) {
      double sum = 0;
      for (const auto& [at, weight] : taps) sum += weight * in.values[static_cast<std::size_t>(y * in.width + at)];
      narrow.values[static_cast<std::size_t>(y * width + x)] = byte(sum);
    }
  }
  Plane result{std::vector<double>(static_cast<std::size_t>(width * height)), width, height};
  for (int y = 0; y < height; ++y) {
    const auto taps = reference_taps(in.height, height, y);
    for (int x = 0; x < width; ++x) {
      double sum = 0;
      for (const auto& [at, weight] : taps) sum += weight * narrow.values[static_cast<std::size_t>(at * width + x)];
      result.values[static_cast<std::size_t>(y * width + x)] = byte(sum);
    }
  }
  return result;
}

TEST(ClipCrop, EqualsPillowInEveryByte) {
  for (const std::string name : {"rand_223x224", "rand_37x61", "rand_399x225"}) {
    UNREEL_NEEDS_ASSET("preprocess/" + name + ".input_u8.npy");
    const auto input = test::read_npy<std::uint8_t>(test::asset("preprocess/" + name + ".input_u8.npy"));
    const auto expected = test::read_npy<std::uint8_t>(test::asset("preprocess/" + name + ".crop_u8.npy"));
    ASSERT_EQ(expected.shape, (std::vector<std::size_t>{kSize, kSize, 3}));
    const auto height = static_cast<int>(input.shape[0]);
    const auto width = static_cast<int>(input.shape[1]);
    EXPECT_TRUE(crop_of(input.data, width, height) == expected.data) << name;
  }
}

TEST(ClipCrop, EqualsPillowOnAVideoFrame) {
  const std::string name = "codecs/nasa_13013.mp4.stream3.frame000000.rgb";
  UNREEL_NEEDS_ASSET(name);
  std::ifstream file(test::asset(name), std::ios::binary);
  const std::vector<std::uint8_t> rgb((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  ASSERT_EQ(rgb.size(), 480U * 270 * 3);
  const auto expected = test::read_npy<std::uint8_t>(test::asset("preprocess/nasa_s3_f000.crop_u8.npy"));
  EXPECT_TRUE(crop_of(rgb, 480, 270) == expected.data);
}

TEST(ClipCrop, IsWithinOneLevelOfFloat64) {
  struct Case {
    int width, height, size;
  };
  // Smaller crops keep the plain reference quick; geometry does not depend on the size.
  const std::vector<Case> cases = {{1, 1, 32},   {1, 40, 32},    {97, 1, 16},    {31, 32, 32},
                                   {32, 77, 32}, {640, 360, 56}, {239, 411, 64}, {500, 333, 48},
                                   {60, 60, 61}, {300, 299, 56}, {45, 90, 30}};
  for (const Case& c : cases) {
    const auto rgb = noise(c.width, c.height, 7);
    const auto out = crop_of(rgb, c.width, c.height, c.size);
    const int shorter = std::min(c.width, c.height);
    const int width = c.size * c.width / shorter;
    const int height = c.size * c.height / shorter;
    const int left = static_cast<int>(std::nearbyint((width - c.size) / 2.0));
    const int top = static_cast<int>(std::nearbyint((height - c.size) / 2.0));
    for (int channel = 0; channel < 3; ++channel) {
      Plane plane{{}, c.width, c.height};
      for (std::size_t i = 0; i < rgb.size() / 3; ++i) {
        plane.values.push_back(rgb[3 * i + static_cast<std::size_t>(channel)]);
      }
      const Plane reference = reference_resize(plane, width, height);
      double worst = 0;
      for (int y = 0; y < c.size; ++y) {
        for (int x = 0; x < c.size; ++x) {
          const double expected = reference.values[static_cast<std::size_t>((y + top) * width + x + left)];
          const double actual = out[static_cast<std::size_t>((y * c.size + x) * 3 + channel)];
          worst = std::max(worst, std::fabs(actual - expected));
        }
      }
      EXPECT_LE(worst, 1) << c.width << "x" << c.height << " to " << c.size;
    }
  }
}

TEST(ClipCrop, CopiesWhenTheShortSideFitsAndRoundsHalvesToEven) {
  // Margins 1, 2, 3, 5 lie 0.5, 1, 1.5, 2.5 from the edge.
  const std::vector<std::pair<int, int>> margins = {{0, 0}, {1, 0}, {2, 1}, {3, 2}, {5, 2}, {7, 4}};
  for (const auto& [margin, offset] : margins) {
    for (const bool wide : {true, false}) {
      const int width = kSize + (wide ? margin : 0);
      const int height = kSize + (wide ? 0 : margin);
      const auto rgb = noise(width, height, 11);
      const auto out = crop_of(rgb, width, height);
      const std::size_t left = wide ? static_cast<std::size_t>(offset) : 0;
      const std::size_t top = wide ? 0 : static_cast<std::size_t>(offset);
      for (std::size_t y = 0; y < kSize; ++y) {
        const std::uint8_t* expected = &rgb[((y + top) * static_cast<std::size_t>(width) + left) * 3];
        ASSERT_EQ(std::memcmp(&out[y * kSize * 3], expected, kSize * 3), 0) << width << "x" << height << " row " << y;
      }
    }
  }
}

TEST(ClipCrop, KeepsAFlatPictureFlat) {
  for (const auto& [width, height] : std::vector<std::pair<int, int>>{{1, 1}, {3, 1000}, {1920, 1080}, {225, 224}}) {
    const auto pixels = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
    for (const int level : {0, 1, 128, 255}) {
      const std::vector<std::uint8_t> rgb(pixels * 3, static_cast<std::uint8_t>(level));
      const auto out = crop_of(rgb, width, height);
      EXPECT_TRUE(std::all_of(out.begin(), out.end(), [&](std::uint8_t v) { return v == level; }))
          << width << "x" << height << " level " << level;
    }
  }
}

TEST(Preprocessing, NamesItsVariants) {
  for (const Variant variant : {Variant::clip, Variant::hf, Variant::hf_tensor, Variant::squash}) {
    EXPECT_EQ(variant_named(name_of(variant)), variant);
  }
  EXPECT_EQ(variant_named("Clip"), std::nullopt);
  EXPECT_EQ(variant_named(""), std::nullopt);
}

TEST(Preprocessing, FloorsTheCropForTransformers) {
  // The middle of a margin of 3 lies at 1.5: 2 to even, 1 rounded down.
  const auto rgb = noise(kSize, kSize + 3, 5);
  for (const Variant variant : {Variant::hf, Variant::hf_tensor}) {
    const auto out = crop_of(rgb, kSize, kSize + 3, kSize, variant);
    EXPECT_EQ(std::memcmp(out.data(), &rgb[3 * kSize], out.size()), 0) << name_of(variant);
  }
}

TEST(Preprocessing, SquashesBothSides) {
  const auto rgb = noise(kSize, 3 * kSize, 6);
  const auto out = crop_of(rgb, kSize, 3 * kSize, kSize, Variant::squash);
  Plane plane{{}, kSize, 3 * kSize};
  for (std::size_t i = 0; i < rgb.size() / 3; ++i) plane.values.push_back(rgb[3 * i]);
  const Plane expected = reference_resize(plane, kSize, kSize);
  double worst = 0;
  for (std::size_t i = 0; i < expected.values.size(); ++i) {
    worst = std::max(worst, std::fabs(out[3 * i] - expected.values[i]));
  }
  EXPECT_LE(worst, 1);
}

TEST(Preprocessing, HfTensorEqualsTransformersInEveryByte) {
  for (const std::string name : {"rand_223x224", "rand_37x61", "rand_399x225"}) {
    UNREEL_NEEDS_ASSET("preprocess/" + name + ".hf_tensor_u8.npy");
    const auto input = test::read_npy<std::uint8_t>(test::asset("preprocess/" + name + ".input_u8.npy"));
    const auto expected = test::read_npy<std::uint8_t>(test::asset("preprocess/" + name + ".hf_tensor_u8.npy"));
    const auto out = crop_of(input.data, static_cast<int>(input.shape[1]), static_cast<int>(input.shape[0]), kSize,
                             Variant::hf_tensor);
    ASSERT_EQ(out.size(), expected.data.size());
    int worst = 0;
    std::size_t differing = 0;
    for (std::size_t i = 0; i < out.size(); ++i) {
      worst = std::max(worst, std::abs(out[i] - expected.data[i]));
      differing += out[i] != expected.data[i] ? 1 : 0;
    }
    EXPECT_EQ(differing, 0U) << name << ", up to " << worst << " levels";
  }
}

}  // namespace
}  // namespace unreel::image
