// How many rows share a row's label.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace unreel::contrast {

/// For each row the rows of its label, itself among them.
inline std::vector<std::size_t> class_sizes(const std::int32_t* labels, std::size_t rows) {
  std::unordered_map<std::int32_t, std::size_t> sizes;
  for (std::size_t i = 0; i < rows; ++i) ++sizes[labels[i]];
  std::vector<std::size_t> of_row(rows);
  for (std::size_t i = 0; i < rows; ++i) of_row[i] = sizes[labels[i]];
  return of_row;
}

}  // namespace unreel::contrast
