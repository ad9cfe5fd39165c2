#include "contrast/adamw.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "data.h"

namespace unreel::contrast {
namespace {

/// Algorithm 2 of the paper, all moments from the whole history: m_t = (1 - b1) sum of b1^(t - s) g_s.
double closed_form(double parameter, const std::vector<double>& gradients, const std::vector<double>& rates,
                   double decay) {
  for (std::size_t t = 1; t <= gradients.size(); ++t) {
    double mean = 0;
    double square = 0;
    for (std::size_t s = 1; s <= t; ++s) {
      mean += 0.1 * std::pow(0.9, static_cast<double>(t - s)) * gradients[s - 1];
      square += 0.001 * std::pow(0.999, static_cast<double>(t - s)) * gradients[s - 1] * gradients[s - 1];
    }
    mean /= 1 - std::pow(0.9, static_cast<double>(t));
    square /= 1 - std::pow(0.999, static_cast<double>(t));
    parameter -= rates[t - 1] * (mean / (std::sqrt(square) + 1e-8) + decay * parameter);
  }
  return parameter;
}

TEST(AdamW, FirstStepGoesTheLearningRateAgainstTheSign) {
  AdamW optimizer(3, 0);
  std::vector<float> parameters = {1, 1, 1};
  const float gradient[] = {1e-3F, -1e3F, 0};
  optimizer.step(parameters.data(), gradient, 0.25);
  EXPECT_NEAR(parameters[0], 0.75, 1e-5);
  EXPECT_NEAR(parameters[1], 1.25, 1e-7);
  EXPECT_EQ(parameters[2], 1);
}

TEST(AdamW, DecaysByRateTimesDecayWhateverTheGradient) {
  AdamW optimizer(1, 0.5);
  float parameter = 8;
  const float none = 0;
  optimizer.step(&parameter, &none, 0.25);
  EXPECT_EQ(parameter, 8 * (1 - 0.25 * 0.5));
}

TEST(AdamW, FollowsTheClosedForm) {
  for (const double decay : {0.0, 0.01, 0.3}) {
    AdamW optimizer(2, decay);
    std::vector<float> parameters = {0.7F, -0.2F};
    std::vector<double> rates;
    std::vector<std::vector<double>> gradients(2);
    Random random(31);
    for (int t = 0; t < 20; ++t) {
      const float gradient[] = {static_cast<float>(random.uniform() - 0.3), static_cast<float>(random.uniform() - 0.5)};
      rates.push_back(0.1 * (1 - t / 20.0));
      for (std::size_t i = 0; i < 2; ++i) gradients[i].push_back(gradient[i]);
      optimizer.step(parameters.data(), gradient, rates.back());
    }
    EXPECT_NEAR(parameters[0], closed_form(0.7F, gradients[0], rates, decay), 1e-6) << decay;
    EXPECT_NEAR(parameters[1], closed_form(-0.2F, gradients[1], rates, decay), 1e-6) << decay;
  }
}

TEST(AdamW, TakesGradientsOfAnySize) {
  AdamW optimizer(2, 0);
  std::vector<float> parameters = {0, 0};
  const float gradient[] = {3e38F, 1e-30F};
  optimizer.step(parameters.data(), gradient, 1);
  EXPECT_NEAR(parameters[0], -1, 1e-6);
  EXPECT_NEAR(parameters[1], -1e-22, 1e-27);
}

}  // namespace
}  // namespace unreel::contrast
