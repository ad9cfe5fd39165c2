#include "contrast/panels.h"

#include "base/check.h"

namespace unreel::contrast {
namespace {

constexpr std::size_t kWidth = Panels::kWidth;

/// Rows that share one pass over a panel: with the panel's width, as many sums as SSE2 and NEON keep in registers.
constexpr std::size_t kRows = 4;

template <std::size_t Rows>
void multiply_panel(const double* rows, std::size_t depth, const double* panel, std::size_t stride, double* products) {
  double sums[Rows][kWidth] = {};
  for (std::size_t k = 0; k < depth; ++k, panel += kWidth) {
    for (std::size_t r = 0; r < Rows; ++r) {
      const double value = rows[r * depth + k];
      for (std::size_t c = 0; c < kWidth; ++c) sums[r][c] += value * panel[c];
    }
  }
  for (std::size_t r = 0; r < Rows; ++r) {
    for (std::size_t c = 0; c < kWidth; ++c) products[r * stride + c] = sums[r][c];
  }
}

}  // namespace

template <class T>
Panels::Panels(const T* vectors, std::size_t count, std::size_t depth)
    : count_(count), depth_(depth), values_(padded(count) * depth) {
  for (std::size_t i = 0; i < count; ++i) {
    double* const panel = values_.data() + i / kWidth * depth * kWidth + i % kWidth;
    for (std::size_t k = 0; k < depth; ++k) panel[k * kWidth] = vectors[i * depth + k];
  }
}

template Panels::Panels(const float*, std::size_t, std::size_t);
template Panels::Panels(const double*, std::size_t, std::size_t);

void multiply(const double* rows, std::size_t count, const Panels& panels, std::size_t begin, std::size_t columns,
              std::size_t stride, double* products) {
  UNREEL_CHECK(begin % kWidth == 0 && columns % kWidth == 0 && columns <= stride);
  UNREEL_CHECK(begin + columns <= Panels::padded(panels.count()));
  const std::size_t depth = panels.depth();
  for (std::size_t c = 0; c < columns; c += kWidth) {
    const double* const panel = panels[(begin + c) / kWidth];
    std::size_t r = 0;
    for (; r + kRows <= count; r += kRows) {
      multiply_panel<kRows>(rows + r * depth, depth, panel, stride, products + r * stride + c);
    }
    for (; r < count; ++r) multiply_panel<1>(rows + r * depth, depth, panel, stride, products + r * stride + c);
  }
}

}  // namespace unreel::contrast
