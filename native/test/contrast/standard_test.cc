#include "contrast/standard.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "base/random.h"

namespace unreel::contrast {
namespace {

constexpr std::size_t kDims = 8;
const std::vector<std::size_t> kBlocks = {3, 5};

/// Rows whose second block is a thousand times larger and lies far from 0.
std::vector<float> features(std::size_t rows) {
  Random random(3);
  std::vector<float> x(rows * kDims);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double value = random.uniform() - 0.5;
    x[i] = static_cast<float>(i % kDims < 3 ? value : 5000 + 1000 * value);
  }
  return x;
}

std::vector<std::size_t> first(std::size_t rows) {
  std::vector<std::size_t> result(rows);
  std::iota(result.begin(), result.end(), std::size_t{0});
  return result;
}

std::vector<float> standardized(const std::vector<float>& x, const Standard& standard) {
  const std::size_t rows = x.size() / kDims;
  const MemoryRows source(x.data(), rows, kDims);
  std::vector<float> z(x.size());
  StandardizedRows(source, standard).gather(first(rows).data(), rows, z.data());
  return z;
}

Standard standard_of_all(const std::vector<float>& x, int threads = 1) {
  const MemoryRows source(x.data(), x.size() / kDims, kDims);
  return standard_of(source, first(source.rows()), kBlocks, threads);
}

TEST(Standard, GivesMeanZeroOneDeviationInABlockAndBlocksOfTheSameWeight) {
  for (const std::size_t rows : {40U, 1024U, 5000U}) {
    const std::vector<float> x = features(rows);
    const std::vector<float> z = standardized(x, standard_of_all(x));
    for (std::size_t column = 0; column < kDims; ++column) {
      double sum = 0;
      double squares = 0;
      for (std::size_t row = 0; row < rows; ++row) {
        const double value = z[row * kDims + column];
        sum += value / static_cast<double>(rows);
        squares += value * value / static_cast<double>(rows);
      }
      EXPECT_NEAR(sum, 0, 1e-7);
      EXPECT_NEAR(squares, 1.0 / (2 * (column < 3 ? 3 : 5)), 1e-6) << rows;
    }
  }
}

TEST(Standard, HasTheTwoPassMeanAndDeviationOfLongDoubles) {
  std::vector<float> x = features(4000);
  for (std::size_t i = 4; i < x.size(); i += kDims) x[i] = 1e7F + 1000 * x[i - 3];  // far from 0
  const Standard standard = standard_of_all(x);
  for (std::size_t column = 3; column < kDims; ++column) {
    long double mean = 0;
    long double squares = 0;
    for (std::size_t i = column; i < x.size(); i += kDims) mean += x[i];
    mean /= 4000;
    for (std::size_t i = column; i < x.size(); i += kDims) squares += (x[i] - mean) * (x[i] - mean);
    EXPECT_NEAR(standard.mean[column], static_cast<double>(mean), 1e-12 * static_cast<double>(mean));
    const auto factor = static_cast<double>(1 / (std::sqrt(squares / 4000) * std::sqrt(10.0L)));
    EXPECT_NEAR(standard.factor[column], factor, 1e-10 * factor);
  }
}

TEST(Standard, TakesMeanAndDeviationOfTheGivenRowsAlone) {
  std::vector<float> x = features(40);
  const MemoryRows source(x.data(), 40, kDims);
  const Standard standard = standard_of(source, first(20), kBlocks, 1);
  std::fill(x.begin() + 20 * kDims, x.end(), 1e6F);
  const Standard same = standard_of(source, first(20), kBlocks, 1);
  EXPECT_EQ(standard.mean, same.mean);
  EXPECT_EQ(standard.factor, same.factor);
}

TEST(Standard, HasTheSameBitsForAnyNumberOfThreads) {
  const std::vector<float> x = features(9000);
  const Standard one = standard_of_all(x, 1);
  for (const int threads : {2, 3, 7, 40}) {
    const Standard many = standard_of_all(x, threads);
    EXPECT_EQ(one.mean, many.mean) << threads;
    EXPECT_EQ(one.factor, many.factor) << threads;
  }
}

TEST(Standard, DoesNotBlowUpAFeatureThatHardlyVariesNorOneThatNeverDoes) {
  std::vector<float> x = features(3000);
  for (std::size_t row = 0; row < 3000; ++row) {
    x[row * kDims] = 0.1F;
    x[row * kDims + 1] = 1 + static_cast<float>(row % 2) * 1e-6F;
  }
  const std::vector<float> z = standardized(x, standard_of_all(x));
  // The third feature alone varies, by 1 / 12; a hundredth of the block's deviation is what the second counts for.
  const double half_step = (double{1 + 1e-6F} - 1) / 2;
  const double expected = half_step / (0.01 * std::sqrt(1.0 / 36) * std::sqrt(6.0));
  for (std::size_t row = 0; row < 3000; ++row) {
    EXPECT_EQ(z[row * kDims], 0);
    EXPECT_NEAR(std::abs(z[row * kDims + 1]), expected, 0.05 * expected);
  }
  EXPECT_EQ(standardized(std::vector<float>(kDims), standard_of_all(std::vector<float>(kDims))),
            std::vector<float>(kDims));
}

TEST(Fold, MapsTheRawRowsAsTheHeadMapsTheStandardisedOnes) {
  const std::vector<float> x = features(40);
  const Standard standard = standard_of_all(x);
  const std::vector<float> z = standardized(x, standard);
  Random random(5);
  std::vector<float> weight(2 * kDims);
  std::vector<float> bias(2);
  for (float& each : weight) each = static_cast<float>(random.uniform() - 0.5);
  for (float& each : bias) each = static_cast<float>(random.uniform() - 0.5);
  std::vector<float> raw_weight = weight;
  std::vector<float> raw_bias = bias;
  fold(standard, raw_weight.data(), raw_bias.data(), kDims, 2);
  for (std::size_t row = 0; row < 40; ++row) {
    for (std::size_t out = 0; out < 2; ++out) {
      double raw = raw_bias[out];
      double own = bias[out];
      for (std::size_t i = 0; i < kDims; ++i) {
        raw += static_cast<double>(raw_weight[out * kDims + i]) * x[row * kDims + i];
        own += static_cast<double>(weight[out * kDims + i]) * z[row * kDims + i];
      }
      EXPECT_NEAR(raw, own, 2e-6);
    }
  }
}

}  // namespace
}  // namespace unreel::contrast
