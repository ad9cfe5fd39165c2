#include "contrast/rows.h"

#include <cmath>
#include <cstring>

#include "contrast/arguments.h"

namespace unreel::contrast {
void MemoryRows::gather(const std::size_t* rows, std::size_t count, float* out) const {
  for (std::size_t i = 0; i < count; ++i) std::memcpy(out + i * dims_, x_ + rows[i] * dims_, dims_ * sizeof(float));
  require_finite_rows(out, rows, count, dims_);
}

void require_finite_rows(const float* x, const std::size_t* rows, std::size_t count, std::size_t dims) {
  for (std::size_t i = 0; i < count; ++i) {
    const float* const row = x + i * dims;
    if (all_finite(row, dims)) continue;
    std::size_t column = 0;
    while (std::isfinite(row[column])) ++column;
    throw not_finite_at("The feature", rows[i], column);
  }
}

}  // namespace unreel::contrast
