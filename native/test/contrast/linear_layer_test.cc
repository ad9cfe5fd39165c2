#include "contrast/linear_layer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/simd_target.h"
#include "data.h"
#include "test/support/target_guard.h"

namespace unreel::contrast {
namespace {

using test::random_values;

struct Layer {
  LayerShape shape;
  std::vector<float> x, weight, bias, dy;

  explicit Layer(const LayerShape& each)
      : shape(each),
        x(random_values(each.rows * each.in, 1)),
        weight(random_values(each.out * each.in, 2)),
        bias(random_values(each.out, 3)),
        dy(random_values(each.rows * each.out, 4)) {}

  struct Results {
    std::vector<float> y, weight_gradient, bias_gradient, dx;
    bool operator==(const Results&) const = default;
  };

  Results results(int threads) const {
    Results all{std::vector<float>(dy.size(), 7), std::vector<float>(weight.size(), 7),
                std::vector<float>(bias.size(), 7), std::vector<float>(x.size(), 7)};
    linear_forward(x.data(), weight.data(), bias.data(), shape, threads, all.y.data());
    linear_parameter_gradient(x.data(), dy.data(), shape, threads, all.weight_gradient.data(),
                              all.bias_gradient.data());
    linear_input_gradient(dy.data(), weight.data(), shape, threads, all.dx.data());
    return all;
  }
};

/// sum over k < count of a(k) b(k), and how far floats may be from it.
template <class A, class B>
void expect_sum(float actual, std::size_t count, double offset, const A& a, const B& b, const std::string& what) {
  double sum = offset;
  double size = std::abs(offset);
  for (std::size_t k = 0; k < count; ++k) {
    sum += double{a(k)} * b(k);
    size += std::abs(double{a(k)} * b(k));
  }
  ASSERT_NEAR(actual, sum, 1e-6 * size + 1e-7) << what;
}

const LayerShape kShapes[] = {{1, 1, 1},      {3, 5, 2},     {70, 33, 18}, {65, 128, 32},
                              {300, 100, 65}, {9, 800, 512}, {600, 40, 7}};

TEST(LinearLayer, IsTheSumsInDoubleOnEveryTarget) {
  const unreel::test::TargetGuard guard;
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (const LayerShape& shape : kShapes) {
      const Layer layer(shape);
      const auto [rows, in, out] = shape;
      const Layer::Results all = layer.results(2);
      for (std::size_t r = 0; r < rows; ++r) {
        for (std::size_t o = 0; o < out; o += 1 + out / 9) {
          expect_sum(
              all.y[r * out + o], in, layer.bias[o], [&](std::size_t k) { return layer.x[r * in + k]; },
              [&](std::size_t k) { return layer.weight[o * in + k]; }, target);
        }
        for (std::size_t k = 0; k < in; k += 1 + in / 9) {
          expect_sum(
              all.dx[r * in + k], out, 0, [&](std::size_t o) { return layer.dy[r * out + o]; },
              [&](std::size_t o) { return layer.weight[o * in + k]; }, target);
        }
      }
      for (std::size_t o = 0; o < out; ++o) {
        const auto down = [&](std::size_t r) { return layer.dy[r * out + o]; };
        expect_sum(all.bias_gradient[o], rows, 0, down, [](std::size_t) { return 1.0F; }, target);
        for (std::size_t k = 0; k < in; k += 1 + in / 9) {
          expect_sum(
              all.weight_gradient[o * in + k], rows, 0, down, [&](std::size_t r) { return layer.x[r * in + k]; },
              target);
        }
      }
    }
  }
}

TEST(LinearLayer, HasTheSameBitsForAnyThreadCountAndFusedTarget) {
  const unreel::test::TargetGuard guard;
  for (const LayerShape& shape : kShapes) {
    const Layer layer(shape);
    set_simd_target("");
    const Layer::Results single = layer.results(1);
    for (const int threads : {2, 3, 5}) EXPECT_EQ(layer.results(threads), single);
    for (const std::string& target : simd_targets()) {
      if (target.rfind("SS", 0) == 0) continue;
      set_simd_target(target);
      EXPECT_EQ(layer.results(2), single) << target;
    }
  }
}

TEST(LinearLayer, GivesARowTheSameBitsWhateverStandsBesideIt) {
  const Layer layer({77, 50, 40});
  const Layer::Results all = layer.results(2);
  for (const std::size_t row : {0U, 5U, 64U, 76U}) {
    std::vector<float> alone(40);
    linear_forward(layer.x.data() + row * 50, layer.weight.data(), layer.bias.data(), {1, 50, 40}, 1, alone.data());
    EXPECT_EQ(alone, std::vector<float>(all.y.begin() + row * 40, all.y.begin() + (row + 1) * 40)) << row;
  }
}

}  // namespace
}  // namespace unreel::contrast
