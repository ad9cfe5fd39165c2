// SupCon in float, tile by tile: for batches that are worth it.
#pragma once

#include <cstdint>

#include "contrast/loss.h"
#include "contrast/loss_workspace.h"

namespace unreel::contrast {

/// 2 / temperature up to which one shift serves all exponentials: e^-80 is far from float's underflow.
inline constexpr double kLargestSharedSpread = 80;

struct TiledLoss {
  double loss = 0;
  bool holds = true;  ///< whether the gradient is as exact as it should be
};

/**
 * supcon() of supcon.h for 2 / temperature <= 80. Cosines are made in tiles, each pair of tiles once for both of its
 * rows, and used at once: exponentials and their sums in a first pass, the gradient in a second that makes them again.
 * 4 rows^2 dims operations, memory 3 rows dims floats and a tile for each thread.
 *
 * The largest error of a gradient that holds, relative to its largest component, is below 1e-5. Where no row is moved
 * by more than a fortieth of what its positives and negatives could move it by, as in a batch whose rows have all found
 * their place, the gradient is the difference of nearly equal numbers: it does not hold, and double is needed. The same
 * bits for any threads >= 1, and on all vector targets with fused multiply-add.
 */
TiledLoss supcon_tiled(const float* embeddings, const std::int32_t* labels, LossShape shape, double temperature,
                       int threads, const LossGradient& gradient, LossWorkspace& workspace);

}  // namespace unreel::contrast
