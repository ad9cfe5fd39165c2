#include "contrast/packed_rows.h"

#include "base/thread.h"
#include "contrast/unit_row.h"

namespace unreel::contrast {
namespace {

std::size_t whole_panels(std::size_t count) { return (count + kPanelWidth - 1) / kPanelWidth * kPanelWidth; }

std::size_t odd_panels(std::size_t count) {
  const std::size_t whole = whole_panels(count);
  return whole / kPanelWidth % 2 == 0 ? whole + kPanelWidth : whole;
}

}  // namespace

PackedRows::PackedRows(const float* embeddings, LossShape shape, int threads)
    : dims_(shape.dims),
      stride_(odd_panels(shape.dims)),
      rows_(whole_panels(shape.rows) * stride_),
      panels_(whole_panels(shape.rows) * shape.dims),
      norms_(shape.rows) {
  parallel_for(whole_panels(shape.rows) / kPanelWidth, threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin * kPanelWidth; i < std::min(end * kPanelWidth, shape.rows); ++i) {
      const float* const u = embeddings + i * dims_;
      float* const z = rows_.data() + i * stride_;
      float* const column = panels_.data() + i / kPanelWidth * kPanelWidth * dims_ + i % kPanelWidth;
      norms_[i] = clamped_norm(u, dims_);
      for (std::size_t k = 0; k < dims_; ++k) {
        z[k] = static_cast<float>(u[k] / norms_[i]);
        column[k * kPanelWidth] = z[k];
      }
    }
  });
}

}  // namespace unreel::contrast
