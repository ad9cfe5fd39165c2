// A kernel matrix that lies in memory and that many trainings share.
#pragma once

#include <cstddef>
#include <vector>

#include "svm/kernel_source.h"

namespace unreel::svm {

/// All elements of a source's matrix, computed once: half of them, since it is symmetric. Immutable, so any thread may
/// read it.
class KernelMatrix {
 public:
  /// Bytes that one of `size` rows takes.
  static std::size_t bytes(std::size_t size) { return size * size * sizeof(float); }

  explicit KernelMatrix(const KernelSource& source);

  std::size_t size() const { return diagonal_.size(); }
  const float* row(std::size_t i) const { return values_.data() + i * size(); }
  double diagonal(std::size_t i) const { return diagonal_[i]; }

 private:
  std::vector<double> diagonal_;
  std::vector<float> values_;
};

/// Some rows and columns of a matrix, which must outlive it.
class StoredKernel final : public KernelSource {
 public:
  /// Those of `order`, in that order.
  StoredKernel(const KernelMatrix& matrix, std::vector<std::size_t> order);

  std::size_t size() const override { return order_.size(); }
  double diagonal(std::size_t i) const override { return matrix_.diagonal(order_[i]); }
  void rows(const RowsWanted& wanted) const override;
  void swap(std::size_t i, std::size_t j) override;
  Company company() const override { return Company::useless; }

 private:
  const KernelMatrix& matrix_;
  std::vector<std::size_t> order_;
};

}  // namespace unreel::svm
