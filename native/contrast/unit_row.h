// The direction of a vector, and what to do when it has none.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "contrast/float_sums.h"

namespace unreel::contrast {

/// Norms below are taken as this: a zero row stays a zero row, as torch.nn.functional.normalize has it.
constexpr double kSmallestNorm = 1e-12;

/// max(|row|, 1e-12).
template <class T>
double clamped_norm(const T* row, std::size_t dims) {
  const double square = strand_sum(dims, [row](std::size_t k) { return static_cast<double>(row[k]) * row[k]; });
  return std::max(std::sqrt(square), kSmallestNorm);
}

}  // namespace unreel::contrast
