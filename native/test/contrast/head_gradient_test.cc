#include "contrast/head_gradient.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "data.h"

namespace unreel::contrast {
namespace {

using test::random_values;

/// x, u and du of one batch through a head.
struct Pass {
  std::size_t rows;
  LinearHead head;
  std::vector<float> x, du;

  Pass(std::size_t row_count, std::size_t in, std::size_t out)
      : rows(row_count),
        head{in, out, random_values(in * out, 21), random_values(out, 22)},
        x(random_values(row_count * in, 23)),
        du(random_values(row_count * out, 24)) {}

  HeadGradient gradient(int threads) const {
    HeadGradient result;
    backpropagate(head, x.data(), du.data(), rows, threads, result);
    return result;
  }

  /// A loss whose gradient by u is du.
  double loss(const LinearHead& changed) const {
    std::vector<float> u(du.size());
    transform(changed, x.data(), rows, 1, u.data());
    double sum = 0;
    for (std::size_t i = 0; i < u.size(); ++i) sum += double{u[i]} * du[i];
    return sum;
  }
};

TEST(HeadGradient, IsThatOfDifferences) {
  const Pass pass(19, 6, 5);
  const HeadGradient gradient = pass.gradient(2);
  const auto check = [&](std::vector<float> LinearHead::* field, const std::vector<float>& analytic) {
    ASSERT_EQ(analytic.size(), (pass.head.*field).size());
    for (std::size_t i = 0; i < analytic.size(); ++i) {
      LinearHead above = pass.head;
      LinearHead below = pass.head;
      (above.*field)[i] += 0.5F;
      (below.*field)[i] -= 0.5F;
      EXPECT_NEAR(analytic[i], pass.loss(above) - pass.loss(below), 1e-5) << i;
    }
  };
  check(&LinearHead::weight, gradient.weight);
  check(&LinearHead::bias, gradient.bias);
}

TEST(HeadGradient, HasTheSameBitsForAnyThreadCount) {
  const Pass pass(50, 33, 18);
  const HeadGradient single = pass.gradient(1);
  for (const int threads : {2, 3, 5}) {
    EXPECT_EQ(pass.gradient(threads).weight, single.weight) << threads;
    EXPECT_EQ(pass.gradient(threads).bias, single.bias) << threads;
  }
}

}  // namespace
}  // namespace unreel::contrast
