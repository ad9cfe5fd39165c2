// A batch's way through a head, and how a loss at its end moves with the head's parameters.
#pragma once

#include <cstddef>
#include <vector>

#include "base/random.h"
#include "contrast/device.h"
#include "contrast/head.h"

namespace unreel::contrast {

/// dL/dW and dL/db of each layer of a head.
struct LayerGradient {
  std::vector<float> weight;  ///< out x in
  std::vector<float> bias;    ///< out
};

/**
 * Forward and backward through a head, with the values between the layers kept from the one to the other. Buffers are
 * reused from batch to batch. One thread.
 */
class HeadPass {
 public:
  /// x: rows x head.in(), the caller's until backward(). Returns u, rows x head.out(), valid until the next call.
  std::vector<float>& forward(const Device& device, const Head& head, const float* x, std::size_t rows);

  /**
   * The same with dropout (Srivastava et al., JMLR 2014): each number that goes into the last layer is dropped with
   * probability `rate` below 1, drawn from `random`, and the others are multiplied by 1 / (1 - rate).
   */
  std::vector<float>& forward(const Device& device, const Head& head, const float* x, std::size_t rows, double rate,
                              Random& random);

  /// du: rows x head.out(), of the last forward(). Overwrites `gradient`, one item a layer.
  void backward(const Device& device, const Head& head, const float* du, std::vector<LayerGradient>& gradient);

 private:
  void run(const Device& device, const Head& head, std::size_t layer);
  void drop(double rate, Random& random, std::vector<float>& values);

  std::size_t rows_ = 0;
  const float* x_ = nullptr;
  std::vector<float> dropped_;              ///< x after dropout, for a linear head
  std::vector<std::vector<float>> values_;  ///< after each layer, its ReLU and dropout
  std::vector<float> factors_;              ///< of dropout; empty without
  std::vector<float> flow_[2];              ///< dL/d values, of a layer and of the one before it
};

}  // namespace unreel::contrast
