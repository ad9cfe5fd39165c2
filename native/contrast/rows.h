// Where training rows come from.
#pragma once

#include <cstddef>

namespace unreel::contrast {

/// Rows of features, each `dims()` floats, read by index. Immutable; several threads may gather at once.
class RowSource {
 public:
  virtual ~RowSource() = default;
  virtual std::size_t rows() const = 0;
  virtual std::size_t dims() const = 0;

  /// out: count x dims(), the rows of these indices, in their order. Throws not_finite (names row and column) and what
  /// reading the rows meets.
  virtual void gather(const std::size_t* rows, std::size_t count, float* out) const = 0;
};

}  // namespace unreel::contrast
