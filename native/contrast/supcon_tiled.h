// SupCon in float, tile by tile: for batches that are worth it.
#pragma once

#include "contrast/label_classes.h"
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
 * supcon() of supcon.h for a batch that has anchors, and 2 / temperature <= 80. Cosines are made in tiles, each pair of
 * tiles once for both of its rows: exponentials and their sums in a first pass, the gradient in a second, which finds
 * some exponentials where the first left them and makes the others again. 3 to 4 rows^2 dims operations; memory 6 rows
 * dims floats, or 3 and 4 MB where that is more, and a tile for each thread.
 *
 * A gradient that holds is within 1e-5 of float64's, each row's times its |u|, relative to the largest. Float errs by
 * about 1e-8 / temperature of what pushes and pulls a row, so where all rows are moved by little, as in a batch whose
 * rows have found their place, it does not hold, and double is needed. The same bits for any threads >= 1, and on all
 * vector targets with fused multiply-add.
 */
TiledLoss supcon_tiled(const float* embeddings, const LabelClasses& classes, LossShape shape, double temperature,
                       int threads, const LossGradient& gradient, LossWorkspace& workspace);

}  // namespace unreel::contrast
