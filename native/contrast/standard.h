// Features brought to one scale before the head sees them.
#pragma once

#include <cstddef>
#include <vector>

#include "contrast/rows.h"

namespace unreel::contrast {

/// What is taken off each feature, and what it is multiplied by then.
struct Standard {
  std::vector<double> mean;
  std::vector<double> factor;
};

/**
 * Brings every feature to mean 0 and deviation 1 over `rows`, then each block of features to the same weight: the
 * expected squared length of a row is 1, and 1 / blocks.size() of it lies in each block. So an encoder with large or
 * many numbers does not drown another. A feature that varies less than a hundredth of its block's typical deviation
 * counts as varying that much: it is noise. One of a block that never varies becomes 0.
 *
 * rows: indices into `source`, at least one. blocks: sizes that sum up to source.dims(). Reads each row once, 1024 at a
 * time and a thread; means and squares are merged as Chan, Golub and LeVeque do (Algorithms for computing the sample
 * variance, 1983, eq. 2.1), in the order of the rows: the same bits for any `threads`. Throws what gather() throws.
 */
Standard standard_of(const RowSource& source, const std::vector<std::size_t>& rows,
                     const std::vector<std::size_t>& blocks, int threads);

/// A linear map of standardised rows made the same map of the rows themselves: W diag(f) and b - W diag(f) mean.
/// weight: out x in, bias: out.
void fold(const Standard& standard, float* weight, float* bias, std::size_t in, std::size_t out);

/// The rows of another source by a standard: (x - mean) * factor, rounded once.
class StandardizedRows final : public RowSource {
 public:
  /// Both are borrowed and must outlive the object.
  StandardizedRows(const RowSource& source, const Standard& standard) : source_(source), standard_(standard) {}

  std::size_t rows() const override { return source_.rows(); }
  std::size_t dims() const override { return source_.dims(); }
  void gather(const std::size_t* rows, std::size_t count, float* out) const override;

 private:
  const RowSource& source_;
  const Standard& standard_;
};

}  // namespace unreel::contrast
