// Products of rows with many vectors, one vector a lane, in libsvm's order of additions. On the target that
// base/simd_target.h names.
#pragma once

#include <cstddef>

#include "svm/lane_vectors.h"

namespace unreel::svm {

/// Rows that are worked on at once, at most.
inline constexpr std::size_t kRowsAtOnce = 8;

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
