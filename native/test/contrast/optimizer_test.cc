#include "contrast/optimizer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <vector>

#include "data.h"

namespace unreel::contrast {
namespace {

void step(Optimizer& optimizer, std::vector<float>& parameters, const float* gradient, double rate, double decay = 0) {
  optimizer.step({{parameters.data(), gradient, parameters.size(), decay}}, rate, 1);
}

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
  const auto optimizer = adamw(3);
  std::vector<float> parameters = {1, 1, 1};
  const float gradient[] = {1e-3F, -1e3F, 0};
  step(*optimizer, parameters, gradient, 0.25);
  EXPECT_NEAR(parameters[0], 0.75, 1e-5);
  EXPECT_NEAR(parameters[1], 1.25, 1e-7);
  EXPECT_EQ(parameters[2], 1);
}

TEST(AdamW, DecaysByRateTimesDecayWhateverTheGradient) {
  const auto optimizer = adamw(1);
  std::vector<float> parameters = {8};
  const float none = 0;
  step(*optimizer, parameters, &none, 0.25, 0.5);
  EXPECT_EQ(parameters[0], 8 * (1 - 0.25 * 0.5));
}

TEST(AdamW, FollowsTheClosedForm) {
  for (const double decay : {0.0, 0.01, 0.3}) {
    const auto optimizer = adamw(2);
    std::vector<float> parameters = {0.7F, -0.2F};
    std::vector<double> rates;
    std::vector<std::vector<double>> gradients(2);
    Random random(31);
    for (int t = 0; t < 20; ++t) {
      const float gradient[] = {static_cast<float>(random.uniform() - 0.3), static_cast<float>(random.uniform() - 0.5)};
      rates.push_back(0.1 * (1 - t / 20.0));
      for (std::size_t i = 0; i < 2; ++i) gradients[i].push_back(gradient[i]);
      step(*optimizer, parameters, gradient, rates.back(), decay);
    }
    EXPECT_NEAR(parameters[0], closed_form(0.7F, gradients[0], rates, decay), 1e-6) << decay;
    EXPECT_NEAR(parameters[1], closed_form(-0.2F, gradients[1], rates, decay), 1e-6) << decay;
  }
}

TEST(AdamW, TakesGradientsOfAnySize) {
  const auto optimizer = adamw(2);
  std::vector<float> parameters = {0, 0};
  const float gradient[] = {3e38F, 1e-30F};
  step(*optimizer, parameters, gradient, 1);
  EXPECT_NEAR(parameters[0], -1, 1e-6);
  EXPECT_NEAR(parameters[1], -1e-22, 1e-27);
}

TEST(Sgd, SumsPastGradientsByMomentum) {
  // v_t = sum over s of momentum^(t - s) g_s, without decay.
  const auto optimizer = sgd(1, 0.5);
  std::vector<float> parameters = {1};
  const float gradients[] = {0.5F, -0.25F, 1};
  for (const float& gradient : gradients) step(*optimizer, parameters, &gradient, 0.1);
  const double velocities = 0.5 + (-0.25 + 0.5 * 0.5) + (1 + 0.5 * -0.25 + 0.25 * 0.5);
  EXPECT_NEAR(parameters[0], 1 - 0.1 * velocities, 1e-6);
}

TEST(Sgd, AddsTheDecayToTheGradient) {
  const auto optimizer = sgd(1, 0.9);
  std::vector<float> parameters = {2};
  const float none = 0;
  step(*optimizer, parameters, &none, 0.5, 0.25);
  EXPECT_EQ(parameters[0], 2 - 0.5 * 0.25 * 2);
  step(*optimizer, parameters, &none, 0.5, 0.25);
  EXPECT_NEAR(parameters[0], 1.75 - 0.5 * (0.9 * 0.5 + 0.25 * 1.75), 1e-7);
}

TEST(Optimizer, ScalesGradientsAndDecaysGroupsApart) {
  const auto optimizer = sgd(3, 0);
  std::vector<float> weights = {1, 2};
  std::vector<float> biases = {4};
  const float gradient[] = {3, 0, 4};
  const std::vector<ParameterGroup> groups = {{weights.data(), gradient, 2, 0.5}, {biases.data(), gradient + 2, 1, 0}};
  EXPECT_EQ(gradient_norm(groups), 5);
  optimizer->step(groups, 1, 0.5);
  EXPECT_EQ(weights, (std::vector<float>{1 - 1.5F - 0.5F, 2 - 1.0F}));
  EXPECT_EQ(biases, (std::vector<float>{4 - 2.0F}));
}

TEST(Optimizer, GoesOnFromItsStateToTheSameBits) {
  using Make = std::unique_ptr<Optimizer> (*)();
  for (const Make make : {Make([] { return adamw(3); }), Make([] { return sgd(3, 0.9); })}) {
    std::vector<float> whole = {1, -2, 3};
    const auto running = make();
    const float first[] = {0.3F, -0.1F, 0.7F};
    const float second[] = {-0.2F, 0.9F, 0.1F};
    step(*running, whole, first, 0.1);
    std::vector<float> resumed = whole;
    const auto other = make();
    other->set_state(running->state());
    step(*running, whole, second, 0.05, 0.1);
    step(*other, resumed, second, 0.05, 0.1);
    EXPECT_EQ(resumed, whole);
  }
}

}  // namespace
}  // namespace unreel::contrast
