#include "contrast/device.h"

#include "contrast/arguments.h"

namespace unreel::contrast {
namespace {

class CpuDevice final : public Device {
 public:
  explicit CpuDevice(int threads) : threads_(threads) {}

  void forward(const float* x, const float* weight, const float* bias, LayerShape shape, float* y) const override {
    linear_forward(x, weight, bias, shape, threads_, y);
  }

  void parameter_gradient(const float* x, const float* dy, LayerShape shape, float* weight_gradient,
                          float* bias_gradient) const override {
    linear_parameter_gradient(x, dy, shape, threads_, weight_gradient, bias_gradient);
  }

  void input_gradient(const float* dy, const float* weight, LayerShape shape, float* dx) const override {
    linear_input_gradient(dy, weight, shape, threads_, dx);
  }

  double loss(const LossBatch& batch, const LossOptions& options, const LossGradient& gradient) const override {
    return contrastive_loss(batch, options, threads_, gradient, workspace_);
  }

 private:
  int threads_;
  mutable LossWorkspace workspace_;
};

}  // namespace

std::unique_ptr<Device> cpu_device(int threads) {
  if (threads < 1) throw bad_argument("threads", "at least 1", threads);
  return std::make_unique<CpuDevice>(threads);
}

}  // namespace unreel::contrast
