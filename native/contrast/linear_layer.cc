#include "contrast/linear_layer.h"

#include <algorithm>
#include <vector>

#include "base/thread.h"
#include "contrast/panels.h"

namespace unreel::contrast {
namespace {

/// Outputs that share one pass over x; their rows of dL/dW stay in the first cache.
constexpr std::size_t kOutputs = 4;

/// Rows that are worked on at once: they share each pass over the weights.
constexpr std::size_t kRowTile = 32;

}  // namespace

void linear_forward(const float* x, const float* weight, const float* bias, LayerShape shape, int threads, float* y) {
  const Panels weights(weight, shape.out, shape.in);
  const std::size_t columns = Panels::padded(shape.out);
  parallel_for((shape.rows + kRowTile - 1) / kRowTile, threads, [&](std::size_t begin, std::size_t end) {
    std::vector<double> inputs(kRowTile * shape.in);
    std::vector<double> outputs(kRowTile * columns);
    for (std::size_t first = begin * kRowTile; first < std::min(end * kRowTile, shape.rows); first += kRowTile) {
      const std::size_t count = std::min(kRowTile, shape.rows - first);
      std::copy_n(x + first * shape.in, count * shape.in, inputs.begin());
      multiply(inputs.data(), count, weights, 0, columns, columns, outputs.data());
      for (std::size_t r = 0; r < count; ++r) {
        for (std::size_t o = 0; o < shape.out; ++o) {
          y[(first + r) * shape.out + o] = static_cast<float>(outputs[r * columns + o] + bias[o]);
        }
      }
    }
  });
}

void linear_parameter_gradient(const float* x, const float* dy, LayerShape shape, int threads, float* weight_gradient,
                               float* bias_gradient) {
  std::fill_n(weight_gradient, shape.in * shape.out, 0.0F);
  std::fill_n(bias_gradient, shape.out, 0.0F);
  parallel_for((shape.out + kOutputs - 1) / kOutputs, threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t first = begin * kOutputs; first < std::min(end * kOutputs, shape.out); first += kOutputs) {
      const std::size_t last = std::min(first + kOutputs, shape.out);
      for (std::size_t row = 0; row < shape.rows; ++row) {
        const float* const input = x + row * shape.in;
        for (std::size_t o = first; o < last; ++o) {
          const float share = dy[row * shape.out + o];
          float* const weight = weight_gradient + o * shape.in;
          for (std::size_t k = 0; k < shape.in; ++k) weight[k] += share * input[k];
          bias_gradient[o] += share;
        }
      }
    }
  });
}

void linear_input_gradient(const float* dy, const float* weight, LayerShape shape, int threads, float* dx) {
  parallel_for(shape.rows, threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t row = begin; row < end; ++row) {
      float* const own = dx + row * shape.in;
      std::fill_n(own, shape.in, 0.0F);
      for (std::size_t o = 0; o < shape.out; ++o) {
        const float share = dy[row * shape.out + o];
        for (std::size_t k = 0; k < shape.in; ++k) own[k] += share * weight[o * shape.in + k];
      }
    }
  });
}

}  // namespace unreel::contrast
