#include "svm/computed_kernel.h"

#include <algorithm>
#include <utility>

#include "base/thread.h"
#include "svm/lane_products.h"

namespace unreel::svm {
namespace {

double square(const double* x, std::size_t dims) {
  double sum = 0;
  for (std::size_t k = 0; k < dims; ++k) sum += x[k] * x[k];
  return sum;
}

}  // namespace

ComputedKernel::ComputedKernel(const RowsView& x, const std::vector<std::size_t>& order, const KernelFunction& kernel,
                               int threads)
    : kernel_(kernel), threads_(threads), vectors_(x, order) {
  if (!takes_distance(kernel.kind)) return;
  squares_.resize(order.size());
  std::vector<double> scratch(x.dims());
  for (std::size_t i = 0; i < order.size(); ++i) squares_[i] = square(x.row(order[i], scratch.data()), x.dims());
}

double ComputedKernel::diagonal(std::size_t i) const {
  std::vector<double> x(vectors_.dims());
  vectors_.copy(i, x.data());
  double value = square(x.data(), x.size());
  if (!squares_.empty()) value = squares_[i] + squares_[i] - 2 * value;
  apply_kernel(kernel_, &value, 1);
  return value;
}

void ComputedKernel::rows(const RowsWanted& wanted) const {
  const std::size_t dims = vectors_.dims();
  std::vector<double> values(wanted.count * dims);
  std::vector<const double*> rows(wanted.count);
  for (std::size_t r = 0; r < wanted.count; ++r) {
    rows[r] = values.data() + r * dims;
    vectors_.copy(wanted.rows[r], values.data() + r * dims);
  }
  const std::size_t first = wanted.from / kLanes;
  const std::size_t blocks = (wanted.to + kLanes - 1) / kLanes - first;
  parallel_for(blocks, threads_, [&](std::size_t begin, std::size_t end) {
    for (std::size_t b = begin; b < end; ++b) compute_block(rows.data(), wanted, first + b);
  });
}

/// The block's columns of all rows: its vectors come from memory once.
void ComputedKernel::compute_block(const double* const* rows, const RowsWanted& wanted, std::size_t block) const {
  alignas(64) double products[kRowsAtOnce * kLanes];
  const std::size_t begin = std::max(wanted.from, block * kLanes);
  const std::size_t end = std::min(wanted.to, block * kLanes + kLanes);
  for (std::size_t r = 0; r < wanted.count; r += kRowsAtOnce) {
    const std::size_t count = std::min(kRowsAtOnce, wanted.count - r);
    dot_products(rows + r, count, vectors_, block, products);
    to_kernels(wanted.rows + r, count, block, products);
    for (std::size_t i = 0; i < count; ++i) {
      const double* const row = products + i * kLanes;
      for (std::size_t column = begin; column < end; ++column) {
        wanted.out[r + i][column] = static_cast<float>(row[column - block * kLanes]);
      }
    }
  }
}

void ComputedKernel::to_kernels(const std::size_t* rows, std::size_t count, std::size_t block, double* products) const {
  const std::size_t lanes = std::min(kLanes, size() - block * kLanes);
  if (!squares_.empty()) {
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t lane = 0; lane < lanes; ++lane) {
        double& product = products[i * kLanes + lane];
        product = squares_[rows[i]] + squares_[block * kLanes + lane] - 2 * product;
      }
    }
  }
  apply_kernel(kernel_, products, count * kLanes);
}

void ComputedKernel::swap(std::size_t i, std::size_t j) {
  vectors_.swap(i, j);
  if (!squares_.empty()) std::swap(squares_[i], squares_[j]);
}

}  // namespace unreel::svm
