#include "svm/kernel_matrix.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace unreel::svm {

KernelMatrix::KernelMatrix(const KernelSource& source) {
  constexpr std::size_t kTogether = 64;
  const std::size_t count = source.size();
  values_.resize(count * count);
  for (std::size_t i = 0; i < count; ++i) diagonal_.push_back(source.diagonal(i));
  for (std::size_t first = 0; first < count; first += kTogether) {
    const std::size_t end = std::min(first + kTogether, count);
    std::vector<std::size_t> indices(end - first);
    std::iota(indices.begin(), indices.end(), first);
    std::vector<float*> rows;
    for (const std::size_t i : indices) rows.push_back(values_.data() + i * count);
    source.rows({indices.data(), rows.data(), rows.size(), first, count});
    for (std::size_t j = end; j < count; ++j) {
      for (std::size_t i = first; i < end; ++i) values_[j * count + i] = rows[i - first][j];
    }
  }
}

StoredKernel::StoredKernel(const KernelMatrix& matrix, std::vector<std::size_t> order)
    : matrix_(matrix), order_(std::move(order)) {}

void StoredKernel::rows(const RowsWanted& wanted) const {
  for (std::size_t r = 0; r < wanted.count; ++r) {
    const float* const row = matrix_.row(order_[wanted.rows[r]]);
    for (std::size_t k = wanted.from; k < wanted.to; ++k) wanted.out[r][k] = row[order_[k]];
  }
}

void StoredKernel::swap(std::size_t i, std::size_t j) { std::swap(order_[i], order_[j]); }

}  // namespace unreel::svm
