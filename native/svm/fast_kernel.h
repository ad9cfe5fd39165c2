// A kernel matrix whose rows are computed in float when they are asked for.
#pragma once

#include <cstddef>
#include <vector>

#include "svm/float_panels.h"
#include "svm/kernel_function.h"
#include "svm/kernel_source.h"

namespace unreel::svm {

/// As ComputedKernel, by matrix products: elements are within a few float roundings of libsvm's, not equal to them.
class FastKernel final : public KernelSource {
 public:
  FastKernel(const RowsView& x, const std::vector<std::size_t>& order, const KernelFunction& kernel, int threads);

  std::size_t size() const override { return vectors_.count(); }
  double diagonal(std::size_t i) const override;
  void rows(const RowsWanted& wanted) const override;
  void swap(std::size_t i, std::size_t j) override { vectors_.swap(i, j); }
  Company company() const override { return company_of(vectors_.count() * vectors_.dims() * sizeof(float)); }

 private:
  KernelFunction kernel_;
  int threads_;
  FloatPanels vectors_;
};

}  // namespace unreel::svm
