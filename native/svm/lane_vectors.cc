#include "svm/lane_vectors.h"

#include <algorithm>
#include <utility>

namespace unreel::svm {
namespace {

bool fits_float(const RowsView& rows) {
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    for (std::size_t k = 0; k < rows.dims(); ++k) {
      const double value = rows.at(i, k);
      if (static_cast<double>(static_cast<float>(value)) != value) return false;
    }
  }
  return true;
}

template <class Number>
void swap_lanes(Number* a, Number* b, std::size_t dims) {
  for (std::size_t k = 0; k < dims; ++k) std::swap(a[k * kLanes], b[k * kLanes]);
}

template <class Number>
void copy_lane(const Number* lane, std::size_t dims, double* out) {
  for (std::size_t k = 0; k < dims; ++k) out[k] = static_cast<double>(lane[k * kLanes]);
}

}  // namespace

LaneVectors::LaneVectors(const RowsView& rows, const std::vector<std::size_t>& order)
    : count_(order.size()), dims_(rows.dims()), narrow_(fits_float(rows)) {
  narrow_ ? fill(floats_, rows, &order) : fill(doubles_, rows, &order);
}

LaneVectors::LaneVectors(const RowsView& rows) : count_(rows.rows()), dims_(rows.dims()), narrow_(fits_float(rows)) {
  narrow_ ? fill(floats_, rows, nullptr) : fill(doubles_, rows, nullptr);
}

template <class Number>
void LaneVectors::fill(std::vector<Number>& values, const RowsView& rows, const std::vector<std::size_t>* order) {
  values.resize(blocks() * dims_ * kLanes);
  for (std::size_t i = 0; i < count_; ++i) {
    Number* const lane = values.data() + place(i);
    const std::size_t from = order != nullptr ? (*order)[i] : i;
    for (std::size_t k = 0; k < dims_; ++k) lane[k * kLanes] = static_cast<Number>(rows.at(from, k));
  }
}

void LaneVectors::copy(std::size_t i, double* out) const {
  narrow_ ? copy_lane(floats_.data() + place(i), dims_, out) : copy_lane(doubles_.data() + place(i), dims_, out);
}

void LaneVectors::swap(std::size_t i, std::size_t j) {
  narrow_ ? swap_lanes(floats_.data() + place(i), floats_.data() + place(j), dims_)
          : swap_lanes(doubles_.data() + place(i), doubles_.data() + place(j), dims_);
}

}  // namespace unreel::svm
