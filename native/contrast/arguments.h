// Refusals of arguments that this room cannot compute with.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>

#include "base/error.h"

namespace unreel::contrast {

/// `value` in the fewest digits that tell it apart from 0 and its like, with a point in every locale.
std::string text_of(double value);

/// An invalid_argument that names the argument, what it must be and what it was.
Error bad_argument(const std::string& name, const std::string& demand, double value);

/// The temperature must be finite and above 0, and so must its inverse. Throws invalid_argument.
void require_temperature(double temperature);

/// A not_finite that names the value's place. `what` starts the message: "The feature".
Error not_finite_at(const std::string& what, std::size_t row, std::size_t column);

/// Whether none is NaN or infinite: those times 0 are NaN, which no sum gets rid of. Without a branch a number, so that
/// the compiler makes vectors of it.
template <class T>
bool all_finite(const T* x, std::size_t count) {
  constexpr std::size_t kStrands = 16;
  T strands[kStrands] = {};
  std::size_t i = 0;
  for (; i + kStrands <= count; i += kStrands) {
    for (std::size_t s = 0; s < kStrands; ++s) strands[s] += x[i + s] * T{0};
  }
  for (; i < count; ++i) strands[0] += x[i] * T{0};
  T sum = 0;
  for (const T strand : strands) sum += strand;
  return sum == T{0};
}

/// x: rows x dims. Throws not_finite for the first NaN or infinity.
template <class T>
void require_finite(const T* x, std::size_t rows, std::size_t dims, const std::string& what) {
  if (all_finite(x, rows * dims)) return;
  const T* const end = x + rows * dims;
  const T* const bad = std::find_if_not(x, end, [](T value) { return std::isfinite(value); });
  const auto at = static_cast<std::size_t>(bad - x);
  throw not_finite_at(what, at / dims, at % dims);
}

/// At least one row, at least one component a row, all finite. Throws invalid_argument, not_finite.
template <class T>
void require_embeddings(const T* embeddings, std::size_t rows, std::size_t dims) {
  if (rows == 0) throw bad_argument("rows", "at least 1", 0);
  if (dims == 0) throw bad_argument("dims", "at least 1", 0);
  require_finite(embeddings, rows, dims, "The embedding");
}

}  // namespace unreel::contrast
