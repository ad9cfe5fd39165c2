#include "contrast/head_gradient.h"

#include <algorithm>

#include "base/thread.h"

namespace unreel::contrast {
namespace {

/// Outputs that share one pass over x; their rows of dL/dW stay in the first cache.
constexpr std::size_t kOutputs = 4;

}  // namespace

void backpropagate(const LinearHead& head, const float* x, const float* du, std::size_t rows, int threads,
                   HeadGradient& gradient) {
  gradient.weight.assign(head.in * head.out, 0);
  gradient.bias.assign(head.out, 0);
  parallel_for((head.out + kOutputs - 1) / kOutputs, threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t first = begin * kOutputs; first < std::min(end * kOutputs, head.out); first += kOutputs) {
      const std::size_t last = std::min(first + kOutputs, head.out);
      for (std::size_t row = 0; row < rows; ++row) {
        const float* const input = x + row * head.in;
        for (std::size_t o = first; o < last; ++o) {
          const float share = du[row * head.out + o];
          float* const weight = gradient.weight.data() + o * head.in;
          for (std::size_t k = 0; k < head.in; ++k) weight[k] += share * input[k];
          gradient.bias[o] += share;
        }
      }
    }
  });
}

}  // namespace unreel::contrast
