// The optimisers.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace unreel::contrast {

/// Parameters that move together. Borrowed.
struct ParameterGroup {
  float* values = nullptr;
  const float* gradient = nullptr;
  std::size_t count = 0;
  double weight_decay = 0;
};

/// sqrt of the sum of all squared gradients.
double gradient_norm(const std::vector<ParameterGroup>& groups);

/// Moves parameters against their gradient. One object per training; not for several threads at once.
class Optimizer {
 public:
  virtual ~Optimizer() = default;

  /// One step. groups: the same in number, order and sizes at each call. scale: factor of all gradients.
  virtual void step(const std::vector<ParameterGroup>& groups, double learning_rate, double scale) = 0;

  /// Everything but the options, to go on elsewhere: set_state(state()) of an equal optimiser continues exactly.
  virtual std::vector<double> state() const = 0;
  virtual void set_state(const std::vector<double>& state) = 0;
};

/**
 * Adam with decoupled weight decay and bias correction: Loshchilov and Hutter, Decoupled Weight Decay Regularization,
 * ICLR 2019, algorithm 2, as torch.optim.AdamW has it (the decay is multiplied by the learning rate). Betas 0.9 and
 * 0.999, epsilon 1e-8. Moments are kept in double.
 */
std::unique_ptr<Optimizer> adamw(std::size_t parameters);

/**
 * Stochastic gradient descent with momentum as torch.optim.SGD has it: the decay is added to the gradient, the velocity
 * is momentum times the one before plus that, and the step is the learning rate times the velocity.
 */
std::unique_ptr<Optimizer> sgd(std::size_t parameters, double momentum);

}  // namespace unreel::contrast
