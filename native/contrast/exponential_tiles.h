// Tiles of cosines turned into what SupCon makes of them, on the target that base/simd_target.h names.
#pragma once

#include <cstddef>

namespace unreel::contrast {

/// Rows and columns of a tile, and the distance of its rows in memory.
inline constexpr std::size_t kTile = 128;

/// Which part of a tile holds rows that exist; the rest is filling.
struct TilePart {
  std::size_t rows = kTile;
  std::size_t columns = kTile;
  bool diagonal = false;  ///< row i and column i are the same row, which meets itself nowhere in the loss
};

/**
 * Adds e_ij = 2^((cosines_ij - 1) scale) to rows[i] and, but for a tile of the diagonal, to columns[j]. Relative error of
 * an exponential below 1e-6 where its exponent is above -80 log2(e). The same bits on all targets with fused
 * multiply-add.
 */
void sum_exponentials(const float* cosines, const TilePart& part, float scale, double* rows, double* columns);

/// cosines -> e_ij (row_rates[i] + column_rates[j]); zeros on the diagonal and in the filling.
void weigh_exponentials(float* cosines, const TilePart& part, float scale, const float* row_rates,
                        const float* column_rates);

}  // namespace unreel::contrast
