#include "contrast/head_pass.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "data.h"

namespace unreel::contrast {
namespace {

using test::random_values;

/// x through a head, with a loss whose gradient by u is du.
struct Case {
  std::size_t rows;
  Head head;
  std::vector<float> x, du;
  double rate = 0;

  Case(std::size_t row_count, const HeadShape& shape)
      : rows(row_count),
        head(Head::seeded(shape, 21)),
        x(random_values(row_count * shape.in, 23)),
        du(random_values(row_count * shape.out, 24)) {
    // Biases that are not zero, so that ReLU has both sides.
    for (LinearLayer& layer : head.layers) layer.bias = random_values(layer.out, 22);
  }

  double loss(const Head& changed) const {
    const auto device = cpu_device(1);
    HeadPass pass;
    Random random(5);
    const std::vector<float>& u = pass.forward(*device, changed, x.data(), rows, rate, random);
    double sum = 0;
    for (std::size_t i = 0; i < u.size(); ++i) sum += double{u[i]} * du[i];
    return sum;
  }

  std::vector<LayerGradient> gradient(int threads) const {
    const auto device = cpu_device(threads);
    HeadPass pass;
    Random random(5);
    pass.forward(*device, head, x.data(), rows, rate, random);
    std::vector<LayerGradient> result;
    pass.backward(*device, head, du.data(), result);
    return result;
  }
};

/// Each parameter moved both ways; small enough to stay on one side of ReLU for nearly all.
void expect_differences(const Case& each) {
  const std::vector<LayerGradient> gradient = each.gradient(2);
  const float step = 1.0F / 256;
  for (std::size_t l = 0; l < each.head.layers.size(); ++l) {
    const auto check = [&](std::vector<float> LinearLayer::* field, const std::vector<float>& analytic) {
      ASSERT_EQ(analytic.size(), (each.head.layers[l].*field).size());
      for (std::size_t i = 0; i < analytic.size(); ++i) {
        Head above = each.head;
        Head below = each.head;
        (above.layers[l].*field)[i] += step;
        (below.layers[l].*field)[i] -= step;
        const double moved = (each.loss(above) - each.loss(below)) / (2 * step);
        EXPECT_NEAR(analytic[i], moved, 3e-3 * (1 + std::abs(moved))) << "layer " << l << ", " << i;
      }
    };
    check(&LinearLayer::weight, gradient[l].weight);
    check(&LinearLayer::bias, gradient[l].bias);
  }
}

TEST(HeadPass, LinearGradientIsThatOfDifferences) { expect_differences(Case(19, {6, 0, 5})); }

TEST(HeadPass, MlpGradientIsThatOfDifferences) {
  // Whole numbers over 4 in x keep the hidden values away from 0 by more than a step moves them.
  Case each(7, {4, 6, 3});
  for (float& value : each.x) value = std::round(4 * value) / 4;
  expect_differences(each);
}

TEST(HeadPass, GradientThroughDropoutIsThatOfDifferences) {
  Case linear(19, {6, 0, 5});
  linear.rate = 0.4;
  expect_differences(linear);
  Case mlp(7, {4, 6, 3});
  for (float& value : mlp.x) value = std::round(4 * value) / 4;
  mlp.rate = 0.4;
  expect_differences(mlp);
}

TEST(HeadPass, DropoutDropsItsShareAndKeepsTheMean) {
  // One layer that sums its inputs, which are all one: u is the number of those kept, over 1 - rate.
  const std::size_t width = 1000;
  const Head head{{LinearLayer{width, 1, std::vector<float>(width, 1.0F), {0.0F}}}};
  const std::vector<float> x(64 * width, 1.0F);
  const auto device = cpu_device(1);
  HeadPass pass;
  Random random(6);
  const std::vector<float> u = pass.forward(*device, head, x.data(), 64, 0.25, random);
  double sum = 0;
  for (const float value : u) {
    const double kept = value * 0.75;
    EXPECT_NEAR(kept, std::round(kept), 1e-2);
    sum += value;
  }
  EXPECT_NEAR(sum / 64 / width, 1, 0.01);
  EXPECT_NE(u[0], u[1]);
  EXPECT_EQ(x[0], 1.0F);
}

TEST(HeadPass, ForgetsTheDropoutOfAnEarlierBatch) {
  const Case each(7, {4, 6, 3});
  const auto device = cpu_device(1);
  HeadPass pass;
  Random random(5);
  pass.forward(*device, each.head, each.x.data(), each.rows, 0.4, random);
  pass.forward(*device, each.head, each.x.data(), each.rows);
  std::vector<LayerGradient> after;
  pass.backward(*device, each.head, each.du.data(), after);
  const std::vector<LayerGradient> plain = each.gradient(1);
  for (std::size_t l = 0; l < 2; ++l) EXPECT_EQ(after[l].weight, plain[l].weight) << l;
}

TEST(HeadPass, HasTheSameBitsForAnyThreadCount) {
  const Case each(50, {33, 20, 18});
  const std::vector<LayerGradient> single = each.gradient(1);
  for (const int threads : {2, 3, 5}) {
    const std::vector<LayerGradient> several = each.gradient(threads);
    for (std::size_t l = 0; l < 2; ++l) {
      EXPECT_EQ(several[l].weight, single[l].weight) << threads;
      EXPECT_EQ(several[l].bias, single[l].bias) << threads;
    }
  }
}

}  // namespace
}  // namespace unreel::contrast
