#include "contrast/optimizer.h"

#include <cmath>

#include "base/check.h"

namespace unreel::contrast {
namespace {

/// Calls move(parameter, gradient, group, index over all groups) for each parameter.
template <class Move>
void for_each_parameter(const std::vector<ParameterGroup>& groups, double scale, const Move& move) {
  std::size_t at = 0;
  for (const ParameterGroup& group : groups) {
    for (std::size_t i = 0; i < group.count; ++i, ++at) move(group.values[i], group.gradient[i] * scale, group, at);
  }
}

class AdamW final : public Optimizer {
 public:
  explicit AdamW(std::size_t parameters) : mean_(parameters), square_(parameters) {}

  void step(const std::vector<ParameterGroup>& groups, double learning_rate, double scale) override {
    first_power_ *= kBeta1;
    second_power_ *= kBeta2;
    const double rate = learning_rate / (1 - first_power_);
    const double correction = 1 / std::sqrt(1 - second_power_);
    for_each_parameter(groups, scale, [&](float& value, double g, const ParameterGroup& group, std::size_t i) {
      mean_[i] = kBeta1 * mean_[i] + (1 - kBeta1) * g;
      square_[i] = kBeta2 * square_[i] + (1 - kBeta2) * g * g;
      const double update = rate * mean_[i] / (std::sqrt(square_[i]) * correction + kEpsilon);
      value = static_cast<float>(value * (1 - learning_rate * group.weight_decay) - update);
    });
  }

  std::vector<double> state() const override {
    std::vector<double> all = {first_power_, second_power_};
    all.insert(all.end(), mean_.begin(), mean_.end());
    all.insert(all.end(), square_.begin(), square_.end());
    return all;
  }

  void set_state(const std::vector<double>& state) override {
    UNREEL_CHECK(state.size() == 2 + 2 * mean_.size());
    first_power_ = state[0];
    second_power_ = state[1];
    const auto middle = state.begin() + 2 + static_cast<std::ptrdiff_t>(mean_.size());
    mean_.assign(state.begin() + 2, middle);
    square_.assign(middle, state.end());
  }

 private:
  static constexpr double kBeta1 = 0.9;
  static constexpr double kBeta2 = 0.999;
  static constexpr double kEpsilon = 1e-8;

  double first_power_ = 1;   ///< beta1 to the number of steps
  double second_power_ = 1;  ///< beta2 to the number of steps
  std::vector<double> mean_;
  std::vector<double> square_;
};

class Sgd final : public Optimizer {
 public:
  Sgd(std::size_t parameters, double momentum) : momentum_(momentum), velocity_(parameters) {}

  void step(const std::vector<ParameterGroup>& groups, double learning_rate, double scale) override {
    for_each_parameter(groups, scale, [&](float& value, double g, const ParameterGroup& group, std::size_t i) {
      velocity_[i] = momentum_ * velocity_[i] + g + group.weight_decay * value;
      value = static_cast<float>(value - learning_rate * velocity_[i]);
    });
  }

  std::vector<double> state() const override { return velocity_; }

  void set_state(const std::vector<double>& state) override {
    UNREEL_CHECK(state.size() == velocity_.size());
    velocity_ = state;
  }

 private:
  double momentum_;
  std::vector<double> velocity_;
};

}  // namespace

double gradient_norm(const std::vector<ParameterGroup>& groups) {
  double squares = 0;
  for_each_parameter(groups, 1, [&](float&, double g, const ParameterGroup&, std::size_t) { squares += g * g; });
  return std::sqrt(squares);
}

std::unique_ptr<Optimizer> adamw(std::size_t parameters) { return std::make_unique<AdamW>(parameters); }

std::unique_ptr<Optimizer> sgd(std::size_t parameters, double momentum) {
  return std::make_unique<Sgd>(parameters, momentum);
}

}  // namespace unreel::contrast
