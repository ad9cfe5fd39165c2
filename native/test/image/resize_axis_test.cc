#include "image/resize_axis.h"

#include <gtest/gtest.h>

#include <numeric>
#include <thread>
#include <vector>

namespace unreel::image {
namespace {

/// Weights by source sample of one output, from the tables of the kernels.
struct Spread {
  std::vector<std::int64_t> digits;
  std::vector<std::int64_t> halves;
};

Spread spread_of(const Axis& axis, std::size_t output, std::int64_t in) {
  Spread spread{std::vector<std::int64_t>(static_cast<std::size_t>(in) + 4),
                std::vector<std::int64_t>(static_cast<std::size_t>(in) + 4)};
  const GroupTap& tap = axis.group_taps[output];
  for (std::int64_t g = 0; g < tap.count; ++g) {
    const DigitWeights& d = axis.digits[tap.weights + static_cast<std::size_t>(g)];
    const HalfWeights& h = axis.halves[tap.weights + static_cast<std::size_t>(g)];
    for (std::size_t i = 0; i < 4; ++i) {
      const std::size_t at = static_cast<std::size_t>(4 * (tap.first + g)) + i;
      spread.digits[at] = d.digits[0][i] + 256 * d.digits[1][i] + 65536 * d.digits[2][i];
      spread.halves[at] = 2048 * h.high[i % 2][i / 2] + h.low[i % 2][i / 2];
    }
  }
  return spread;
}

TEST(ResizeAxis, TablesOfTheKernelsHoldTheWeights) {
  for (const Weighting weighting : {Weighting::pillow, Weighting::torch}) {
    for (const std::int64_t in : {1, 2, 7, 63, 224, 225, 1080, 5000}) {
      for (const bool mirrored : {false, true}) {
        const AxisSpec spec{weighting, in, 230, 3, 224, mirrored};
        const Axis axis = make_axis(spec);
        ASSERT_EQ(axis.taps.size(), 224U);
        for (std::size_t i = 0; i < axis.taps.size(); ++i) {
          const Tap& tap = axis.taps[i];
          std::vector<std::int64_t> expected(static_cast<std::size_t>(in) + 4);
          for (std::int64_t k = 0; k < tap.count; ++k) {
            expected[static_cast<std::size_t>(tap.first + k)] = axis.weights[tap.weights + static_cast<std::size_t>(k)];
          }
          const Spread spread = spread_of(axis, i, in);
          ASSERT_EQ(spread.digits, expected) << "in " << in << ", output " << i;
          ASSERT_EQ(spread.halves, expected) << "in " << in << ", output " << i;
          EXPECT_LE(axis.begin, tap.first);
          EXPECT_GE(axis.end, tap.first + tap.count);
        }
      }
    }
  }
}

TEST(ResizeAxis, WeightsSumToOneWithinTheirRounding) {
  for (const Weighting weighting : {Weighting::pillow, Weighting::torch}) {
    const Axis axis = make_axis({weighting, 1920, 398, 87, 224, false});
    for (const Tap& tap : axis.taps) {
      const auto first = axis.weights.begin() + static_cast<std::ptrdiff_t>(tap.weights);
      const std::int64_t sum = std::accumulate(first, first + tap.count, std::int64_t{0});
      EXPECT_NEAR(static_cast<double>(sum), static_cast<double>(1 << axis.bits), static_cast<double>(tap.count));
    }
  }
}

TEST(ResizeAxis, AMirroredAxisCountsFromTheFarEnd) {
  const AxisSpec spec{Weighting::pillow, 777, 300, 38, 224, false};
  AxisSpec turned = spec;
  turned.mirrored = true;
  const Axis axis = make_axis(spec);
  const Axis mirrored = make_axis(turned);
  for (std::size_t i = 0; i < axis.taps.size(); ++i) {
    const Tap& tap = axis.taps[i];
    const Tap& other = mirrored.taps[i];
    EXPECT_EQ(other.first, 777 - tap.first - tap.count);
    for (std::int64_t k = 0; k < tap.count; ++k) {
      EXPECT_EQ(mirrored.weights[other.weights + static_cast<std::size_t>(k)],
                axis.weights[tap.weights + static_cast<std::size_t>(tap.count - 1 - k)]);
    }
  }
}

TEST(ResizeAxis, IsKeptForTheNextPictureAndSharedByThreads) {
  const AxisSpec spec{Weighting::pillow, 641, 399, 87, 224, false};
  const auto first = axis_of(spec);
  EXPECT_EQ(axis_of(spec), first);
  std::vector<std::thread> threads;
  for (std::int64_t t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      // More sizes than are kept, the same ones in other orders.
      for (std::int64_t i = 0; i < 300; ++i) {
        const std::int64_t in = 230 + (i * (2 * t + 1)) % 100;
        const AxisSpec other{Weighting::pillow, in, 224, 0, 224, false};
        EXPECT_EQ(axis_of(other)->taps.size(), 224U);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_NE(axis_of(spec), first);  // let go meanwhile
  EXPECT_EQ(axis_of(spec)->weights, first->weights);
}

}  // namespace
}  // namespace unreel::image
