// The three products of a linear layer y = W x + b, in float.
#pragma once

#include <cstddef>

namespace unreel::contrast {

struct LayerShape {
  std::size_t rows = 0;
  std::size_t in = 0;
  std::size_t out = 0;
};

/// y: rows x out = x (rows x in) times weight^T (out x in), plus bias (out). All of them: sums run over the inner side
/// from first to last, in an order that depends on the shape alone, so the bits are the same for any threads >= 1.
void linear_forward(const float* x, const float* weight, const float* bias, LayerShape shape, int threads, float* y);

/// weight_gradient: out x in = dy^T (rows x out) times x; bias_gradient: out = the sum of dy's rows. Both overwritten.
void linear_parameter_gradient(const float* x, const float* dy, LayerShape shape, int threads, float* weight_gradient,
                               float* bias_gradient);

/// dx: rows x in = dy (rows x out) times weight (out x in).
void linear_input_gradient(const float* dy, const float* weight, LayerShape shape, int threads, float* dx);

}  // namespace unreel::contrast
