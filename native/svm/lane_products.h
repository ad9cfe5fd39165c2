// Products of rows with many vectors, one vector a lane, in libsvm's order of additions. On the target that
// base/simd_target.h names.
#pragma once

#include <cstddef>
#include <vector>

namespace unreel::svm {

/// Vectors side by side in memory; a vector register of every target divides it.
inline constexpr std::size_t kLanes = 8;
/// Rows that are worked on at once, at most.
inline constexpr std::size_t kRowsAtOnce = 8;

/**
 * Vectors in blocks of kLanes, component by component: block b holds vectors kLanes b to kLanes b + kLanes - 1 as dims
 * x kLanes, those past the last are zeros. Immutable, so any thread may read it.
 */
class LaneVectors {
 public:
  /// vectors: count x dims, C order.
  LaneVectors(const double* vectors, std::size_t count, std::size_t dims);

  std::size_t count() const { return count_; }
  std::size_t dims() const { return dims_; }
  std::size_t blocks() const { return (count_ + kLanes - 1) / kLanes; }
  const double* block(std::size_t b) const { return values_.data() + b * dims_ * kLanes; }

 private:
  std::size_t count_, dims_;
  std::vector<double> values_;
};

/**
 * out: rows x kLanes: the sum over k of (rows_k - vector_k)^2, or of rows_k vector_k, for each vector of a block.
 *
 * Each is summed from the first component to the last, a separate subtract, multiply and add each, as libsvm sums: a
 * lane holds one vector, so wide registers change nothing. The same bits on every target. rows: pointers to `count`
 * rows, 1 to kRowsAtOnce, of vectors.dims() numbers.
 */
void squared_distances(const double* const* rows, std::size_t count, const LaneVectors& vectors, std::size_t block,
                       double* out);
void dot_products(const double* const* rows, std::size_t count, const LaneVectors& vectors, std::size_t block,
                  double* out);

}  // namespace unreel::svm
