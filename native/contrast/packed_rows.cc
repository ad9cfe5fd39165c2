#include "contrast/packed_rows.h"

#include <algorithm>

#include "contrast/unit_row.h"

namespace unreel::contrast {
namespace {

std::size_t whole_panels(std::size_t count) { return (count + kPanelWidth - 1) / kPanelWidth * kPanelWidth; }

std::size_t odd_panels(std::size_t count) {
  const std::size_t whole = whole_panels(count);
  return whole / kPanelWidth % 2 == 0 ? whole + kPanelWidth : whole;
}

}  // namespace

PackedRows::PackedRows(const float* embeddings, LossShape shape, AlignedArray& rows, AlignedArray& panels)
    : embeddings_(embeddings), dims_(shape.dims), stride_(odd_panels(shape.dims)), norms_(shape.rows) {
  rows.reserve(whole_panels(shape.rows) * stride_);
  panels.reserve(whole_panels(shape.rows) * shape.dims);
  rows_ = rows.data();
  panels_ = panels.data();
}

void PackedRows::pack(std::size_t begin, std::size_t end) {
  for (std::size_t i = begin * kPanelWidth; i < end * kPanelWidth; ++i) {
    float* const z = rows_ + i * stride_;
    float* const column = panels_ + i / kPanelWidth * kPanelWidth * dims_ + i % kPanelWidth;
    if (i < norms_.size()) {
      const float* const u = embeddings_ + i * dims_;
      norms_[i] = clamped_norm(u, dims_);
      const double inverse = 1 / norms_[i];
      for (std::size_t k = 0; k < dims_; ++k) z[k] = static_cast<float>(u[k] * inverse);
      std::fill(z + dims_, z + stride_, 0.0F);
    } else {
      std::fill_n(z, stride_, 0.0F);
    }
    for (std::size_t k = 0; k < dims_; ++k) column[k * kPanelWidth] = z[k];
  }
}

}  // namespace unreel::contrast
