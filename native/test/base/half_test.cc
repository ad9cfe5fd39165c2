#include "base/half.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "base/simd_target.h"
#include "test/support/target_guard.h"

namespace unreel {
namespace {

TEST(Half, EveryNumberSurvivesTheRoundTrip) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const float value = half_to_float(half);
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(half_to_float(float_to_half(value))));
    } else {
      ASSERT_EQ(float_to_half(value), half) << value;
    }
  }
}

TEST(Half, RoundsToTheNearestAndTiesToEven) {
  for (std::uint16_t half = 0; half < 0x7bff; ++half) {  // all finite neighbours above zero
    const double low = half_to_float(half);
    const double high = half_to_float(static_cast<std::uint16_t>(half + 1));
    const auto middle = static_cast<float>((low + high) / 2);  // exact: 12 bits
    const std::uint16_t even = half % 2 == 0 ? half : static_cast<std::uint16_t>(half + 1);
    ASSERT_EQ(float_to_half(middle), even) << middle;
    ASSERT_EQ(float_to_half(std::nextafterf(middle, 0.0F)), half) << middle;
    ASSERT_EQ(float_to_half(std::nextafterf(middle, 1e6F)), half + 1) << middle;
  }
}

TEST(Half, EveryTargetConvertsEveryNumberAlike) {
  std::vector<std::uint16_t> halves(0x10000 + 3);  // the last ones fill no vector
  for (std::size_t i = 0; i < halves.size(); ++i) halves[i] = static_cast<std::uint16_t>(i);
  const test::TargetGuard guard;
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    std::vector<float> floats(halves.size());
    halves_to_floats(halves.data(), halves.size(), floats.data());
    for (std::size_t i = 0; i < halves.size(); ++i) {
      const float expected = half_to_float(halves[i]);
      ASSERT_EQ(std::memcmp(&floats[i], &expected, sizeof(expected)), 0) << target << " " << halves[i];
    }
  }
}

TEST(Half, KnownValues) {
  EXPECT_EQ(float_to_half(1.0F), 0x3c00);
  EXPECT_EQ(float_to_half(-2.0F), 0xc000);
  EXPECT_EQ(float_to_half(65504.0F), 0x7bff);
  EXPECT_EQ(float_to_half(65520.0F), 0x7c00);
  EXPECT_EQ(float_to_half(std::numeric_limits<float>::infinity()), 0x7c00);
  EXPECT_EQ(half_to_float(0x0001), 0x1.0p-24F);
  EXPECT_EQ(half_to_float(0x3555), 0.333251953125F);
}

}  // namespace
}  // namespace unreel
