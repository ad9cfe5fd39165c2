// Where heads are trained.
#pragma once

#include <memory>

#include "contrast/linear_layer.h"
#include "contrast/loss.h"

namespace unreel::contrast {

/**
 * The arithmetic of a training step: what a batch costs and how it moves with the parameters. All buffers are the
 * caller's, in the process's memory, and may be reused when a call returns. The same inputs give the same bits each
 * time on one device; devices differ by rounding. One thread at a time.
 */
class Device {
 public:
  virtual ~Device() = default;

  /// As linear_forward() of linear_layer.h.
  virtual void forward(const float* x, const float* weight, const float* bias, LayerShape shape, float* y) const = 0;
  /// As linear_parameter_gradient().
  virtual void parameter_gradient(const float* x, const float* dy, LayerShape shape, float* weight_gradient,
                                  float* bias_gradient) const = 0;
  /// As linear_input_gradient().
  virtual void input_gradient(const float* dy, const float* weight, LayerShape shape, float* dx) const = 0;
  /// As contrastive_loss().
  virtual double loss(const LossBatch& batch, const LossOptions& options, const LossGradient& gradient) const = 0;
};

/// The processor with this many threads, at least 1. The bits do not depend on their number.
std::unique_ptr<Device> cpu_device(int threads);

}  // namespace unreel::contrast
