// How a loss moves with the parameters of a projection head.
#pragma once

#include <cstddef>
#include <vector>

#include "contrast/linear_head.h"

namespace unreel::contrast {

/// dL/dW and dL/db of a LinearHead, in its layout.
struct HeadGradient {
  std::vector<float> weight;  ///< out x in
  std::vector<float> bias;    ///< out
};

/**
 * The chain rule of u = W x + b: dL/dW = sum over rows of (dL/du) x^T, dL/db = sum over rows of dL/du. x: rows x
 * head.in, du: rows x head.out. `gradient` is resized and overwritten. Sums run from the first row to the last: the
 * same for any thread count.
 */
void backpropagate(const LinearHead& head, const float* x, const float* du, std::size_t rows, int threads,
                   HeadGradient& gradient);

}  // namespace unreel::contrast
