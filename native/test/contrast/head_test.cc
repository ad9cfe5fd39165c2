#include "contrast/head.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "data.h"

namespace unreel::contrast {
namespace {

using test::detail;
using test::error_of;
using test::random_values;

LinearLayer random_layer(std::size_t in, std::size_t out) {
  return {in, out, random_values(in * out, 11), random_values(out, 12)};
}

Head random_head(std::size_t in, std::size_t out) { return {{random_layer(in, out)}}; }

/// W x + b as it stands.
std::vector<double> plain(const LinearLayer& layer, const std::vector<double>& x) {
  std::vector<double> y(layer.bias.begin(), layer.bias.end());
  for (std::size_t o = 0; o < layer.out; ++o) {
    for (std::size_t k = 0; k < layer.in; ++k) y[o] += layer.weight[o * layer.in + k] * x[k];
  }
  return y;
}

TEST(Head, SeededWeightsAreTheseBytesOnEveryMachine) {
  // xoshiro256** written again in Python, (2 u - 1) / sqrt(in) rounded to float.
  const auto expect_bits = [](const Head& head, const std::vector<std::uint32_t>& expected) {
    for (std::size_t i = 0; i < expected.size(); ++i) {
      std::uint32_t bits = 0;
      std::memcpy(&bits, &head.layers[0].weight[i], sizeof(bits));
      EXPECT_EQ(bits, expected[i]) << i;
    }
  };
  expect_bits(Head::seeded({768, 0, 2}, 1), {0x3c6fefff, 0x3ac150f6, 0x3baf3f44, 0xbc007e98, 0x3c69257a, 0xbcd2b8fc});
  expect_bits(Head::seeded({3, 0, 2}, 42), {0xbef605e3, 0xbe0f186a, 0x3e54e2bf, 0x3efb14d0, 0x3f1160fe, 0x3e9f78c6});
}

TEST(Head, SeededWeightsFillTheirRangeAndBiasesAreZero) {
  const LinearLayer head = Head::seeded({400, 0, 32}, 7).layers[0];
  double sum = 0;
  float greatest = 0;
  for (const float weight : head.weight) {
    sum += weight;
    greatest = std::max(greatest, std::abs(weight));
  }
  EXPECT_LE(greatest, 0.05F);
  EXPECT_GT(greatest, 0.0499F);
  EXPECT_NEAR(sum / static_cast<double>(head.weight.size()), 0, 0.001);
  EXPECT_EQ(head.weight.size(), 400U * 32U);
  EXPECT_EQ(head.bias, std::vector<float>(32, 0.0F));
  EXPECT_NE(head.weight, Head::seeded({400, 0, 32}, 8).layers[0].weight);
}

TEST(Head, SeedsTheLayerBeforeReluByItsInputs) {
  const Head head = Head::seeded({400, 96, 32}, 7);
  ASSERT_EQ(head.layers.size(), 2U);
  EXPECT_EQ(head.in(), 400U);
  EXPECT_EQ(head.out(), 32U);
  const float bounds[] = {static_cast<float>(std::sqrt(6.0 / 400)), static_cast<float>(std::sqrt(1.0 / 96))};
  for (std::size_t l = 0; l < 2; ++l) {
    const std::vector<float>& weight = head.layers[l].weight;
    const float greatest = std::abs(*std::max_element(weight.begin(), weight.end()));
    EXPECT_LE(greatest, bounds[l]);
    EXPECT_GT(greatest, 0.99F * bounds[l]);
  }
}

TEST(Head, ProjectsAsAPlainLoopDoes) {
  for (const auto& [in, hidden, out, rows] : std::vector<std::array<std::size_t, 4>>{
           {1, 0, 1, 1}, {7, 0, 5, 3}, {33, 0, 18, 37}, {512, 0, 128, 70}, {9, 13, 5, 40}, {64, 64, 32, 33}}) {
    Head head = random_head(in, out);
    if (hidden > 0) head = {{random_layer(in, hidden), random_layer(hidden, out)}};
    const std::vector<float> x = random_values(rows * in, 13);
    std::vector<float> z(rows * out);
    project(head, x.data(), rows, 2, z.data());
    for (std::size_t row = 0; row < rows; ++row) {
      std::vector<double> u(x.begin() + row * in, x.begin() + (row + 1) * in);
      for (std::size_t l = 0; l < head.layers.size(); ++l) {
        for (double& value : u) value = l == 0 ? value : std::max(value, 0.0);
        u = plain(head.layers[l], u);
      }
      double squares = 0;
      for (const double value : u) squares += value * value;
      for (std::size_t o = 0; o < out; ++o) EXPECT_NEAR(z[row * out + o], u[o] / std::sqrt(squares), 1e-6);
    }
  }
}

TEST(Head, ProjectsARowAlikeAloneAmongOthersAndOnAnyThreads) {
  const Head head = random_head(21, 10);
  const std::size_t rows = 101;
  const std::vector<float> x = random_values(rows * 21, 14);
  std::vector<float> single(rows * 10);
  project(head, x.data(), rows, 1, single.data());
  for (const int threads : {2, 3, 5}) {
    std::vector<float> z(rows * 10);
    project(head, x.data(), rows, threads, z.data());
    EXPECT_EQ(z, single) << threads;
  }
  for (std::size_t row = 0; row < rows; ++row) {
    std::vector<float> alone(10);
    project(head, x.data() + row * 21, 1, 1, alone.data());
    EXPECT_EQ(alone, std::vector<float>(single.begin() + row * 10, single.begin() + (row + 1) * 10)) << row;
  }
}

TEST(Head, KeepsAZeroRowZeroAndHugeRowsUnit) {
  Head head = random_head(4, 3);
  head.layers[0].bias.assign(3, 0);
  const float huge = std::numeric_limits<float>::max();
  const std::vector<float> x = {0, 0, 0, 0, huge, huge, -huge, huge};
  std::vector<float> z(6, 7.0F);
  project(head, x.data(), 2, 1, z.data());
  EXPECT_EQ(z[0], 0);
  EXPECT_EQ(z[1], 0);
  EXPECT_EQ(z[2], 0);
  EXPECT_NEAR(std::hypot(z[3], z[4], z[5]), 1, 1e-6);
}

TEST(Head, ProjectsNoRows) { project(random_head(4, 3), nullptr, 0, 2, nullptr); }

TEST(Head, NamesTheRowAndColumnThatIsNotFinite) {
  const Head head = random_head(4, 3);
  std::vector<float> x = random_values(12, 15);
  x[2 * 4 + 1] = std::numeric_limits<float>::infinity();
  std::vector<float> z(9);
  const Error error = error_of([&] { project(head, x.data(), 3, 1, z.data()); });
  EXPECT_EQ(error.code(), ErrorCode::not_finite);
  EXPECT_EQ(std::get<std::int64_t>(detail(error, "row")), 2);
  EXPECT_EQ(std::get<std::int64_t>(detail(error, "column")), 1);
}

}  // namespace
}  // namespace unreel::contrast
