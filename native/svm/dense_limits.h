// How large a dense matrix a sparse file may ask for.
#pragma once

#include <cstddef>

namespace unreel::svm {

/// Bounds that no file of embeddings reaches and a damaged index or count does.
constexpr std::size_t kMaxDims = std::size_t{1} << 16;
constexpr std::size_t kMaxRows = std::size_t{1} << 27;
constexpr std::size_t kMaxNumbers = std::size_t{1} << 30;

/// Whether rows x dims is over kMaxNumbers, or more than a million and a thousand times what the file holds: a few
/// bytes must not ask for gigabytes. `numbers`: what the file holds of features.
inline bool too_large(std::size_t rows, std::size_t dims, std::size_t numbers) {
  constexpr std::size_t kAlwaysAllowed = std::size_t{1} << 20;
  constexpr std::size_t kMaxSparsity = 1024;
  if (rows > kMaxNumbers / dims) return true;
  return rows * dims > kAlwaysAllowed && rows * dims > kMaxSparsity * (numbers + rows);
}

}  // namespace unreel::svm
