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
void UnitRows::add_gradient(const double* dz, T* du) const {
  constexpr double kMax = std::numeric_limits<T>::max();
  for (std::size_t i = 0; i < shape_.rows; ++i) {
    const double* const pull = dz + i * shape_.dims;
    const double radial = norms_[i] > kSmallestNorm ? std::inner_product(pull, pull + shape_.dims, z(i), 0.0) : 0;
    for (std::size_t k = 0; k < shape_.dims; ++k) {
      T& out = du[i * shape_.dims + k];
      out = static_cast<T>(std::clamp(out + (pull[k] - radial * z(i)[k]) / norms_[i], -kMax, kMax));
    }
  }
}

template UnitRows::UnitRows(const float*, LossShape);
template UnitRows::UnitRows(const double*, LossShape);
template void UnitRows::add_gradient(const double*, float*) const;
template void UnitRows::add_gradient(const double*, double*) const;

}  // namespace unreel::contrast
