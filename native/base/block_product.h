// The matrix product of float that kernels are made of, on the target that base/simd_target.h names.
#pragma once

#include <cstddef>

namespace unreel {

/// Columns of the right side that lie side by side in memory. A vector of every target divides it.
inline constexpr std::size_t kPanelWidth = 32;
/// Terms of a sum that are added in one run: what they read stays in the first cache, and long sums lose less.
inline constexpr std::size_t kRun = 256;

/// The left side of a product: element (i, k) is data[i * row + k * depth].
struct LeftSide {
  const float* data = nullptr;
  std::size_t row = 0;
  std::size_t depth = 0;
};

/// kPanelWidth columns of the right side: element (k, j) is data[k * depth + j].
struct RightPanel {
  const float* data = nullptr;
  std::size_t depth = 0;
};

/**
 * c: rows x kPanelWidth, row i at c + i * c_row: the product of rows x depth and depth x kPanelWidth, or c plus that;
 * depth at least 1.
 *
 * Each element is the sum from the first k to the last by fused multiply-add, in runs of kRun that are added up: its
 * bits depend on its row, its column and `depth` alone, not on which rows stand beside it, and are the same on every
 * target that has such an instruction (x86 from AVX2 on, ARM). For SCALAR too, by std::fma.
 */
void multiply_panel(const LeftSide& left, const RightPanel& right, std::size_t rows, std::size_t depth, bool accumulate,
                    float* c, std::size_t c_row);

}  // namespace unreel
