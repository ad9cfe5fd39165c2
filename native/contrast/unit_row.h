// The direction of a vector, and what to do when it has none.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace unreel::contrast {

/// Norms below are taken as this: a zero row stays a zero row, as torch.nn.functional.normalize has it.
constexpr double kSmallestNorm = 1e-12;

/// max(|row|, 1e-12), summed in double from the first component to the last.
template <class T>
double clamped_norm(const T* row, std::size_t dims) {
  double squares = 0;
  for (std::size_t k = 0; k < dims; ++k) squares += static_cast<double>(row[k]) * row[k];
  return std::max(std::sqrt(squares), kSmallestNorm);
}

}  // namespace unreel::contrast
