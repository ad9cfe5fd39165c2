// The optimiser.
#pragma once

#include <cstddef>
#include <vector>

namespace unreel::contrast {

/**
 * Adam with decoupled weight decay and bias correction: Loshchilov and Hutter, Decoupled Weight Decay Regularization,
 * ICLR 2019, algorithm 2, as torch.optim.AdamW has it (the decay is multiplied by the learning rate). Betas 0.9 and
 * 0.999, epsilon 1e-8. Moments are kept in double. One object per parameter vector; not for several threads at once.
 */
class AdamW {
 public:
  AdamW(std::size_t parameters, double weight_decay);

  /// parameters, gradient: as many as the constructor was told. One call is one step.
  void step(float* parameters, const float* gradient, double learning_rate);

 private:
  double weight_decay_;
  double first_power_ = 1;   ///< beta1 to the number of steps
  double second_power_ = 1;  ///< beta2 to the number of steps
  std::vector<double> mean_;
  std::vector<double> square_;
};

}  // namespace unreel::contrast
