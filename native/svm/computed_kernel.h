// A kernel matrix whose rows are computed when they are asked for.
#pragma once

#include <cstddef>
#include <vector>

#include "svm/kernel_function.h"
#include "svm/kernel_source.h"
#include "svm/lane_vectors.h"
#include "svm/rows_view.h"

namespace unreel::svm {

/**
 * Several rows at a time on several threads, one column a lane. Holds a copy of the vectors, half as large as theirs in
 * double where float is exact.
 */
class ComputedKernel final : public KernelSource {
 public:
  /// The rows `order` of x, in that order. threads: what rows() may use.
  ComputedKernel(const RowsView& x, const std::vector<std::size_t>& order, const KernelFunction& kernel, int threads);

  std::size_t size() const override { return vectors_.count(); }
  double diagonal(std::size_t i) const override;
  void rows(const RowsWanted& wanted) const override;
  void swap(std::size_t i, std::size_t j) override;
  Company company() const override { return company_of(vectors_.bytes()); }

 private:
  void compute_block(const double* const* rows, const RowsWanted& wanted, std::size_t block) const;
  void to_kernels(const std::size_t* rows, std::size_t count, std::size_t block, double* products) const;

  KernelFunction kernel_;
  int threads_;
  LaneVectors vectors_;
  std::vector<double> squares_;  ///< |x_i|^2, of kernels that take a distance
};

}  // namespace unreel::svm
