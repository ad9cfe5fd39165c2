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

/// Rows that lie in memory one after the other, borrowed.
class MemoryRows final : public RowSource {
 public:
  /// x: rows x dims, C order; must outlive the object.
  MemoryRows(const float* x, std::size_t rows, std::size_t dims) : x_(x), rows_(rows), dims_(dims) {}

  std::size_t rows() const override { return rows_; }
  std::size_t dims() const override { return dims_; }
  void gather(const std::size_t* rows, std::size_t count, float* out) const override;

 private:
  const float* x_;
  std::size_t rows_, dims_;
};

/// x: count x dims, the rows that were gathered under these indices. Throws not_finite for the first NaN or infinity.
void require_finite_rows(const float* x, const std::size_t* rows, std::size_t count, std::size_t dims);

}  // namespace unreel::contrast
