#include "contrast/head_pass.h"

#include <algorithm>

#include "base/check.h"

namespace unreel::contrast {

std::vector<float>& HeadPass::forward(const Device& device, const Head& head, const float* x, std::size_t rows) {
  Random unused(0);
  return forward(device, head, x, rows, 0, unused);
}

std::vector<float>& HeadPass::forward(const Device& device, const Head& head, const float* x, std::size_t rows,
                                      double rate, Random& random) {
  rows_ = rows;
  x_ = x;
  values_.resize(head.layers.size());
  factors_.clear();
  for (std::size_t l = 0; l + 1 < head.layers.size(); ++l) {
    run(device, head, l);
    for (float& value : values_[l]) value = std::max(value, 0.0F);
  }
  if (rate > 0) {
    if (head.layers.size() == 1) {
      dropped_.assign(x, x + rows * head.in());
      x_ = dropped_.data();
    }
    drop(rate, random, head.layers.size() == 1 ? dropped_ : values_[head.layers.size() - 2]);
  }
  run(device, head, head.layers.size() - 1);
  return values_.back();
}

void HeadPass::run(const Device& device, const Head& head, std::size_t l) {
  const LinearLayer& layer = head.layers[l];
  values_[l].resize(rows_ * layer.out);
  device.forward(l == 0 ? x_ : values_[l - 1].data(), layer.weight.data(), layer.bias.data(),
                 {rows_, layer.in, layer.out}, values_[l].data());
}

void HeadPass::drop(double rate, Random& random, std::vector<float>& values) {
  const auto kept = static_cast<float>(1 / (1 - rate));
  factors_.resize(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    factors_[i] = random.uniform() < rate ? 0.0F : kept;
    values[i] *= factors_[i];
  }
}

void HeadPass::backward(const Device& device, const Head& head, const float* du, std::vector<LayerGradient>& gradient) {
  gradient.resize(head.layers.size());
  const float* flow = du;
  for (std::size_t l = head.layers.size(); l-- > 0;) {
    const LinearLayer& layer = head.layers[l];
    const LayerShape shape{rows_, layer.in, layer.out};
    gradient[l].weight.resize(layer.weight.size());
    gradient[l].bias.resize(layer.bias.size());
    device.parameter_gradient(l == 0 ? x_ : values_[l - 1].data(), flow, shape, gradient[l].weight.data(),
                              gradient[l].bias.data());
    if (l == 0) return;
    std::vector<float>& before = flow_[l % 2];
    before.resize(rows_ * layer.in);
    device.input_gradient(flow, layer.weight.data(), shape, before.data());
    const bool dropped = !factors_.empty() && l + 1 == head.layers.size();
    for (std::size_t i = 0; i < before.size(); ++i) {
      // A value that ReLU or dropout made zero passes nothing back.
      if (values_[l - 1][i] <= 0) before[i] = 0;
      if (dropped) before[i] *= factors_[i];
    }
    flow = before.data();
  }
}

}  // namespace unreel::contrast
