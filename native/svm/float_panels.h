// Vectors in float, laid out as the right side of matrix products.
#pragma once

#include <cstddef>
#include <vector>

#include "base/aligned_array.h"
#include "svm/kernel_function.h"
#include "svm/rows_view.h"

namespace unreel::svm {

/**
 * Panels of kPanelWidth (base/block_product.h) vectors, component by component, zeros behind the last; and |x|^2 of
 * each. For kernels that need not have libsvm's bits. Any thread may read it while nobody swaps.
 */
class FloatPanels {
 public:
  /// The rows `order` of `rows`, in that order.
  FloatPanels(const RowsView& rows, const std::vector<std::size_t>& order);

  std::size_t count() const { return count_; }
  std::size_t dims() const { return dims_; }
  std::size_t panels() const;
  /// Squared lengths of all vectors, as long as whole panels.
  const std::vector<float>& squares() const { return squares_; }

  /// Vector i as `dims` floats.
  void copy(std::size_t i, float* out) const;
  void swap(std::size_t i, std::size_t j);

  /**
   * out: count x kPanelWidth: the kernels of some rows with the vectors of a panel, by fused multiply-add and vector
   * exp and tanh; of rbf by max(0, |x|^2 + |y|^2 - 2 x.y). rows: count x dims, C order; squares: |x|^2 of each. What
   * stands behind the last vector is finite and without meaning.
   */
  void kernels(const KernelFunction& kernel, const float* rows, const float* squares, std::size_t count,
               std::size_t panel, float* out) const;

 private:
  std::size_t place(std::size_t i) const;

  std::size_t count_, dims_;
  AlignedArray values_;
  std::vector<float> squares_;
};

/// |x|^2, summed in double.
float squared_length(const float* x, std::size_t dims);

}  // namespace unreel::svm
