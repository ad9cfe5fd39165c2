#include "contrast/adamw.h"

#include <cmath>

namespace unreel::contrast {
namespace {

constexpr double kBeta1 = 0.9;
constexpr double kBeta2 = 0.999;
constexpr double kEpsilon = 1e-8;

}  // namespace

AdamW::AdamW(std::size_t parameters, double weight_decay)
    : weight_decay_(weight_decay), mean_(parameters), square_(parameters) {}

void AdamW::step(float* parameters, const float* gradient, double learning_rate) {
  first_power_ *= kBeta1;
  second_power_ *= kBeta2;
  const double keep = 1 - learning_rate * weight_decay_;
  const double rate = learning_rate / (1 - first_power_);
  const double correction = 1 / std::sqrt(1 - second_power_);
  for (std::size_t i = 0; i < mean_.size(); ++i) {
    const double g = gradient[i];
    mean_[i] = kBeta1 * mean_[i] + (1 - kBeta1) * g;
    square_[i] = kBeta2 * square_[i] + (1 - kBeta2) * g * g;
    const double update = rate * mean_[i] / (std::sqrt(square_[i]) * correction + kEpsilon);
    parameters[i] = static_cast<float>(parameters[i] * keep - update);
  }
}

}  // namespace unreel::contrast
