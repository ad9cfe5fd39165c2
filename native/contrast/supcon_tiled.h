// SupCon in float, tile by tile: for batches that are worth it.
#pragma once

#include <cstdint>
#include <optional>

#include "contrast/loss.h"

namespace unreel::contrast {

/// 2 / temperature up to which one shift serves all exponentials: e^-80 is far from float's underflow.
inline constexpr double kLargestSharedSpread = 80;

/**
 * supcon() of supcon.h for 2 / temperature <= 80. Cosines are made in tiles, each pair of tiles once for both of its
 * rows, and used at once: exponentials and their sums in a first pass, the gradient in a second that makes them again.
 * 4 rows^2 dims operations, memory 3 rows dims floats and a tile for each thread.
 *
 * Nothing is returned where float cannot bear it: where the rows of a class lie so close together (|mean of its z| above
 * 0.9995) that their gradient is the difference of nearly equal numbers. Else the largest error of a gradient, relative
 * to its largest component, is below 1e-5. The same bits for any threads >= 1, and on all vector targets with fused
 * multiply-add.
 */
std::optional<double> supcon_tiled(const float* embeddings, const std::int32_t* labels, LossShape shape,
                                   double temperature, int threads, const LossGradient& gradient);

}  // namespace unreel::contrast
