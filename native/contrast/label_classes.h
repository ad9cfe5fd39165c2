// What rows of one label share in a supervised contrastive loss.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "contrast/loss.h"

namespace unreel::contrast {

/// The rows of one label.
struct LabelClass {
  std::size_t rows = 0;
  std::vector<double> sum;  ///< of its z

  std::size_t positives() const { return rows - 1; }
};

/// The classes of a batch, by first appearance.
class LabelClasses {
 public:
  /// The sums are zero until add_rows().
  LabelClasses(const std::int32_t* labels, LossShape shape) {
    std::unordered_map<std::int32_t, std::int32_t> index;
    of_row_.reserve(shape.rows);
    for (std::size_t i = 0; i < shape.rows; ++i) {
      of_row_.push_back(index.try_emplace(labels[i], static_cast<std::int32_t>(classes_.size())).first->second);
      if (index.size() > classes_.size()) classes_.push_back({0, std::vector<double>(shape.dims)});
      ++classes_[of_row_.back()].rows;
    }
    for (const LabelClass& each : classes_) anchors_ += each.rows > 1 ? each.rows : 0;
  }

  /// z: all unit rows, each `stride` after the one before. Adds the components [begin, end) to the sums, from the first
  /// row to the last; threads may add different components. Does not throw.
  template <class T>
  void add_rows(const T* z, std::size_t stride, std::size_t begin, std::size_t end) {
    for (std::size_t i = 0; i < of_row_.size(); ++i) {
      double* const sum = classes_[of_row_[i]].sum.data();
      for (std::size_t k = begin; k < end; ++k) sum[k] += z[i * stride + k];
    }
  }

  const std::vector<LabelClass>& all() const { return classes_; }
  const LabelClass& of(std::size_t row) const { return classes_[of_row_[row]]; }
  /// Which of all() each row is of.
  const std::vector<std::int32_t>& of_rows() const { return of_row_; }
  /// |V|: rows that have a positive.
  std::size_t anchors() const { return anchors_; }
  /// The share of row i's term in the loss: 1/|V|, 0 for a row without a positive.
  double weight(std::size_t row) const { return of(row).rows > 1 ? 1.0 / static_cast<double>(anchors_) : 0.0; }

 private:
  std::vector<std::int32_t> of_row_;
  std::vector<LabelClass> classes_;
  std::size_t anchors_ = 0;
};

}  // namespace unreel::contrast
