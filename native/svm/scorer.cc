#include "svm/scorer.h"

#include <algorithm>

namespace unreel::svm {
namespace {

/// Rows that go through the support vectors together, so that these come from memory once for all of them.
constexpr std::size_t kTogether = 64;
/// Bytes of support vectors that stay in a core's own cache while those rows pass.
constexpr std::size_t kCachedBytes = 1 << 18;

}  // namespace

Scorer::Scorer(const DecisionFunction& function)
    : kernel_(function.kernel),
      rho_(function.rho),
      coefficients_(function.coefficients),
      vectors_(RowsView(function.vectors.data(), function.count(), function.dims)) {}

void Scorer::score(const RowsView& x, double* out) const {
  std::vector<double> widened(kTogether * x.dims());
  for (std::size_t first = 0; first < x.rows(); first += kTogether) {
    score_together(x.part(first, std::min(first + kTogether, x.rows())), widened.data(), out + first);
  }
}

void Scorer::score_together(const RowsView& x, double* widened, double* sums) const {
  const std::size_t rows = x.rows();
  const double* row[kTogether];
  for (std::size_t r = 0; r < rows; ++r) row[r] = x.row(r, widened + r * x.dims());
  std::fill_n(sums, rows, 0.0);
  const std::size_t block_bytes = vectors_.bytes() / std::max<std::size_t>(vectors_.blocks(), 1);
  const std::size_t cached = std::max<std::size_t>(kCachedBytes / std::max<std::size_t>(block_bytes, 1), 1);
  for (std::size_t begin = 0; begin < vectors_.blocks(); begin += cached) {
    const std::size_t end = std::min(begin + cached, vectors_.blocks());
    for (std::size_t r = 0; r < rows; r += kRowsAtOnce) {
      const std::size_t count = std::min(kRowsAtOnce, rows - r);
      for (std::size_t block = begin; block < end; ++block) add_block(row + r, count, block, sums + r);
    }
  }
  for (std::size_t r = 0; r < rows; ++r) sums[r] -= rho_;
}

/// Support vector after support vector, as libsvm adds them; a row's sum waits for itself alone.
void Scorer::add_block(const double* const* rows, std::size_t count, std::size_t block, double* sums) const {
  alignas(64) double products[kRowsAtOnce * kLanes];
  const std::size_t first = block * kLanes;
  const std::size_t lanes = std::min(kLanes, vectors_.count() - first);
  if (takes_distance(kernel_.kind)) {
    squared_distances(rows, count, vectors_, block, products);
  } else {
    dot_products(rows, count, vectors_, block, products);
  }
  apply_kernel(kernel_, products, count * kLanes);
  for (std::size_t r = 0; r < count; ++r) {
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      sums[r] += coefficients_[first + lane] * products[r * kLanes + lane];
    }
  }
}

}  // namespace unreel::svm
