// Every loss written out from its formula, and differentiated by a tape: the reference of this room's tests.
#pragma once

#include <cstdint>
#include <vector>

#include "contrast/loss.h"

namespace unreel::contrast::test {

/// A batch with everything that a loss may want, owned.
struct LossCase {
  LossShape shape;
  std::vector<std::int32_t> labels;
  std::vector<float> u;
  std::vector<float> classifier;
  LossOptions options;

  LossBatch batch() const { return {u.data(), labels.data(), shape, classifier.data()}; }
};

/// A loss and everything that it moves with.
struct LossValue {
  double loss = 0;
  double temperature = 0;  ///< dL/d(1 / temperature)
  std::vector<double> embeddings;
  std::vector<double> classifier;
};

/// Time and memory O(rows^2 dims), with triplets of mining `all` O(rows^3).
LossValue written_loss(const LossCase& one);

/// By the function under test.
LossValue measured_loss(const LossCase& one, int threads);

/// dL/du times |u|, row by row: of one scale over rows of any length, zero rows among them.
std::vector<double> per_length(const LossCase& one, std::vector<double> gradient);

/// max |a - b| / max |b|, where b counts for `least` at least.
double largest_error(const std::vector<double>& a, const std::vector<double>& b, double least);

}  // namespace unreel::contrast::test
