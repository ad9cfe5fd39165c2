// A batch of rows brought to unit length, and the way back for a gradient.
#pragma once

#include <cstddef>
#include <vector>

#include "contrast/loss.h"

namespace unreel::contrast {

/// z has 16 digits: what is nearer than this has no direction to one another, and the gradient of its distance is taken
/// as 0.
constexpr double kSmallestDistance = 1e-12;

/// z_i = u_i / max(|u_i|, 1e-12), in double. Immutable. T: float, double.
class UnitRows {
 public:
  /// embeddings: rows x dims, u.
  template <class T>
  UnitRows(const T* embeddings, LossShape shape);

  std::size_t rows() const { return shape_.rows; }
  std::size_t dims() const { return shape_.dims; }
  const double* z(std::size_t row) const { return z_.data() + row * shape_.dims; }

  /// Adds dL/du_i = (I - z_i z_i^T) dL/dz_i / |u_i|, or 1e12 dL/dz_i where |u_i| <= 1e-12, cut to T's range. dz, du:
  /// rows x dims.
  template <class T>
  void add_gradient(const double* dz, T* du) const;
  /// The same of one row; dz, du: dims.
  template <class T>
  void add_row_gradient(std::size_t row, const double* dz, T* du) const;

 private:
  LossShape shape_;
  std::vector<double> z_;
  std::vector<double> norms_;
};

}  // namespace unreel::contrast
