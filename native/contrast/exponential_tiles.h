// Tiles of cosines turned into what SupCon makes of them, on the target that base/simd_target.h names.
#pragma once

#include <cstddef>
#include <cstdint>

namespace unreel::contrast {

/// Rows and columns of a tile, at most.
inline constexpr std::size_t kMostTile = 192;

/// Which part of a tile is in use. Behind a row's columns, up to a multiple of 16, there may be anything finite.
struct TilePart {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::size_t stride = 0;  ///< from one row to the next in memory; a multiple of 16
  bool diagonal = false;   ///< row i and column i are the same row, which meets itself nowhere in the loss
};

/**
 * cosines -> e_ij = 2^((cosines_ij - 1) scale), 0 on the diagonal; adds them to rows[i] and, but for a tile of the
 * diagonal, to columns[j]. Exponents lie between -116 and 1; the relative error of an exponential is below 6e-6, and
 * below 1e-6 where its exponent is above -16. The same bits on all targets with fused multiply-add.
 */
void sum_exponentials(float* cosines, const TilePart& part, float scale, double* rows, double* columns);

/// What SupCon's gradient needs of the rows of a side of a tile.
struct SideOfTile {
  const float* rates;           ///< 1 / the sum of a row's exponentials; 0 for a row that is no anchor
  const float* pulls;           ///< 2 / the positives of a row; 0 without any
  const std::int32_t* classes;  ///< rows of one label have one number
};

/// e_ij -> e_ij (rates_i + rates_j) - (pulls_i where i and j are of one class); 0 on the diagonal.
void weigh_exponentials(float* exponentials, const TilePart& part, const SideOfTile& rows, const SideOfTile& columns);

/// The same from cosines.
void weigh_cosines(float* cosines, const TilePart& part, float scale, const SideOfTile& rows,
                   const SideOfTile& columns);

}  // namespace unreel::contrast
