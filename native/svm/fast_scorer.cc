#include "svm/fast_scorer.h"

#include <algorithm>
#include <numeric>

#include "base/block_product.h"

namespace unreel::svm {
namespace {

/// Rows that meet a panel of support vectors together: theirs and the panel stay in a core's own cache.
constexpr std::size_t kTogether = 64;

std::vector<std::size_t> panels_of(const DecisionFunction& function) {
  std::vector<std::size_t> order(function.kernel.kind == Kernel::linear ? 0 : function.count());
  std::iota(order.begin(), order.end(), 0);
  return order;
}

/// In sums side by side, which the compiler puts into vectors.
double weighted_sum(const float* coefficients, const float* kernels) {
  constexpr std::size_t kSums = 8;
  float sums[kSums] = {};
  for (std::size_t j = 0; j < kPanelWidth; j += kSums) {
    for (std::size_t s = 0; s < kSums; ++s) sums[s] += coefficients[j + s] * kernels[j + s];
  }
  double sum = 0;
  for (const float each : sums) sum += static_cast<double>(each);
  return sum;
}

}  // namespace

FastScorer::FastScorer(const DecisionFunction& function)
    : kernel_(function.kernel),
      rho_(function.rho),
      vectors_({function.vectors.data(), function.count(), function.dims}, panels_of(function)) {
  if (kernel_.kind == Kernel::linear) {
    weights_.resize(function.dims);
    for (std::size_t i = 0; i < function.count(); ++i) {
      for (std::size_t k = 0; k < function.dims; ++k) {
        weights_[k] += function.coefficients[i] * function.vectors[i * function.dims + k];
      }
    }
    return;
  }
  coefficients_.assign(function.coefficients.begin(), function.coefficients.end());
  coefficients_.resize(vectors_.panels() * kPanelWidth);
}

void FastScorer::score(const RowsView& x, double* out) const {
  if (weights_.empty()) {
    for (std::size_t first = 0; first < x.rows(); first += kTogether) {
      score_together(x.part(first, std::min(first + kTogether, x.rows())), out + first);
    }
    return;
  }
  for (std::size_t r = 0; r < x.rows(); ++r) {
    double sum = 0;
    for (std::size_t k = 0; k < weights_.size(); ++k) sum += weights_[k] * x.at(r, k);
    out[r] = sum - rho_;
  }
}

void FastScorer::score_together(const RowsView& x, double* out) const {
  const std::size_t dims = x.dims();
  std::vector<float> rows(x.rows() * dims);
  std::vector<float> squares(x.rows());
  for (std::size_t r = 0; r < x.rows(); ++r) {
    float* const row = rows.data() + r * dims;
    for (std::size_t k = 0; k < dims; ++k) row[k] = static_cast<float>(x.at(r, k));
    squares[r] = squared_length(row, dims);
  }
  std::fill_n(out, x.rows(), -rho_);
  alignas(64) float kernels[kTogether * kPanelWidth];
  for (std::size_t panel = 0; panel < vectors_.panels(); ++panel) {
    vectors_.kernels(kernel_, rows.data(), squares.data(), x.rows(), panel, kernels);
    const float* const coefficients = coefficients_.data() + panel * kPanelWidth;
    for (std::size_t r = 0; r < x.rows(); ++r) out[r] += weighted_sum(coefficients, kernels + r * kPanelWidth);
  }
}

}  // namespace unreel::svm
