// Unit rows laid out for products of tiles.
#pragma once

#include <cstddef>
#include <vector>

#include "base/aligned_array.h"
#include "base/block_product.h"
#include "contrast/loss.h"

namespace unreel::contrast {

/**
 * z = u / max(|u|, 1e-12) of each row, twice: row by row for left sides and for sums of rows, and in panels of rows,
 * component by component, for right sides. Filled with zeros up to whole panels, both ways. Norms in double, z in
 * float.
 */
class PackedRows {
 public:
  /// embeddings: rows x dims, u; borrowed until pack() has packed them all. rows, panels: memory to lie in, borrowed.
  PackedRows(const float* embeddings, LossShape shape, AlignedArray& rows, AlignedArray& panels);

  /// Parts that may be packed on different threads.
  std::size_t parts() const { return (norms_.size() + kPanelWidth - 1) / kPanelWidth; }
  /// Packs the parts [begin, end). Does not throw.
  void pack(std::size_t begin, std::size_t end);

  /// Numbers from one row to the next: whole panels, and an odd number of them, so that a column's numbers fall into
  /// different sets of the first cache.
  std::size_t stride() const { return stride_; }
  /// Panels that a row's components fill.
  std::size_t component_panels() const { return (dims_ + kPanelWidth - 1) / kPanelWidth; }

  const float* row(std::size_t i) const { return rows_ + i * stride_; }
  double norm(std::size_t i) const { return norms_[i]; }

  /// Rows [i, i + kPanelWidth), i a multiple of that, as columns of a right side of depth dims.
  RightPanel across(std::size_t i) const { return {panels_ + i * dims_, kPanelWidth}; }
  /// Components of the panel `panel` of rows from i on, as columns of a right side whose depth are rows.
  RightPanel down(std::size_t i, std::size_t panel) const { return {row(i) + panel * kPanelWidth, stride_}; }

 private:
  const float* embeddings_;
  std::size_t dims_;
  std::size_t stride_;
  float* rows_;
  float* panels_;
  std::vector<double> norms_;
};

}  // namespace unreel::contrast
