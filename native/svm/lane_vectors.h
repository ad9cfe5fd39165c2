// Vectors side by side in memory, for kernels that take one vector a lane.
#pragma once

#include <cstddef>
#include <vector>

#include "svm/rows_view.h"

namespace unreel::svm {

/// Vectors side by side; a vector register of every target divides it.
inline constexpr std::size_t kLanes = 8;

/**
 * Vectors in blocks of kLanes, component by component: block b holds vectors kLanes b to kLanes b + kLanes - 1 as dims
 * x kLanes, those past the last are zeros. In float where that holds every number exactly, as it does those of
 * embeddings, else in double. Any thread may read it while nobody swaps.
 */
class LaneVectors {
 public:
  /// The rows `order` of `rows`, in that order.
  LaneVectors(const RowsView& rows, const std::vector<std::size_t>& order);
  /// All rows, in their own order.
  explicit LaneVectors(const RowsView& rows);

  std::size_t count() const { return count_; }
  std::size_t dims() const { return dims_; }
  std::size_t blocks() const { return (count_ + kLanes - 1) / kLanes; }
  std::size_t bytes() const { return floats_.size() * sizeof(float) + doubles_.size() * sizeof(double); }

  bool narrow() const { return narrow_; }
  /// One of the two, as narrow() says.
  const float* float_block(std::size_t b) const { return floats_.data() + b * dims_ * kLanes; }
  const double* double_block(std::size_t b) const { return doubles_.data() + b * dims_ * kLanes; }

  /// Vector i as `dims` doubles.
  void copy(std::size_t i, double* out) const;
  void swap(std::size_t i, std::size_t j);

 private:
  template <class Number>
  void fill(std::vector<Number>& values, const RowsView& rows, const std::vector<std::size_t>* order);
  std::size_t place(std::size_t i) const { return i / kLanes * dims_ * kLanes + i % kLanes; }

  std::size_t count_, dims_;
  bool narrow_;
  std::vector<float> floats_;
  std::vector<double> doubles_;
};

}  // namespace unreel::svm
