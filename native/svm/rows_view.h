// Rows of features as the caller has them.
#pragma once

#include <cstddef>

namespace unreel::svm {

/// rows x dims finite numbers, C order, of float or of double; borrowed. All computation is in double.
class RowsView {
 public:
  RowsView(const double* values, std::size_t rows, std::size_t dims) : doubles_(values), rows_(rows), dims_(dims) {}
  RowsView(const float* values, std::size_t rows, std::size_t dims) : floats_(values), rows_(rows), dims_(dims) {}

  std::size_t rows() const { return rows_; }
  std::size_t dims() const { return dims_; }

  double at(std::size_t row, std::size_t k) const {
    const std::size_t at = row * dims_ + k;
    return doubles_ != nullptr ? doubles_[at] : static_cast<double>(floats_[at]);
  }

  /// Row `row` as doubles: the caller's own, or a copy in `scratch`, which has room for dims numbers.
  const double* row(std::size_t row, double* scratch) const {
    if (doubles_ != nullptr) return doubles_ + row * dims_;
    const float* const values = floats_ + row * dims_;
    for (std::size_t k = 0; k < dims_; ++k) scratch[k] = static_cast<double>(values[k]);
    return scratch;
  }

  /// Rows [begin, end).
  RowsView part(std::size_t begin, std::size_t end) const {
    RowsView part = *this;
    if (doubles_ != nullptr) part.doubles_ += begin * dims_;
    if (floats_ != nullptr) part.floats_ += begin * dims_;
    part.rows_ = end - begin;
    return part;
  }

 private:
  const double* doubles_ = nullptr;
  const float* floats_ = nullptr;
  std::size_t rows_, dims_;
};

}  // namespace unreel::svm
