#include "contrast/unit_rows.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "contrast/unit_row.h"

namespace unreel::contrast {

template <class T>
UnitRows::UnitRows(const T* embeddings, LossShape shape)
    : shape_(shape), z_(shape.rows * shape.dims), norms_(shape.rows) {
  for (std::size_t i = 0; i < shape.rows; ++i) {
    const T* const u = embeddings + i * shape.dims;
    norms_[i] = clamped_norm(u, shape.dims);
    for (std::size_t k = 0; k < shape.dims; ++k) z_[i * shape.dims + k] = u[k] / norms_[i];
  }
}

template <class T>
void UnitRows::add_row_gradient(std::size_t row, const double* dz, T* du) const {
  constexpr double kMax = std::numeric_limits<T>::max();
  const double norm = norms_[row];
  const double radial = norm > kSmallestNorm ? std::inner_product(dz, dz + shape_.dims, z(row), 0.0) : 0;
  for (std::size_t k = 0; k < shape_.dims; ++k) {
    du[k] = static_cast<T>(std::clamp(du[k] + (dz[k] - radial * z(row)[k]) / norm, -kMax, kMax));
  }
}

template <class T>
void UnitRows::add_gradient(const double* dz, T* du) const {
  for (std::size_t i = 0; i < shape_.rows; ++i) add_row_gradient(i, dz + i * shape_.dims, du + i * shape_.dims);
}

template UnitRows::UnitRows(const float*, LossShape);
template UnitRows::UnitRows(const double*, LossShape);
template void UnitRows::add_gradient(const double*, float*) const;
template void UnitRows::add_gradient(const double*, double*) const;
template void UnitRows::add_row_gradient(std::size_t, const double*, float*) const;

}  // namespace unreel::contrast
