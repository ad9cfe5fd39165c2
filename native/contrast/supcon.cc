#include "contrast/supcon.h"

#include <algorithm>

#include "base/simd_target.h"
#include "contrast/label_classes.h"
#include "contrast/supcon_precise.h"
#include "contrast/supcon_tiled.h"

namespace unreel::contrast {
namespace {

/// Up to this many rows double costs nothing that one would notice.
constexpr std::size_t kSmallBatch = 64;

bool is_for_tiles(LossShape shape, double temperature) {
  return shape.rows > kSmallBatch && 2 / temperature <= kLargestSharedSpread && !runs_scalar();
}

}  // namespace

double supcon(const float* embeddings, const std::int32_t* labels, LossShape shape, double temperature, int threads,
              const LossGradient& gradient, LossWorkspace& workspace) {
  const LabelClasses classes(labels, shape);
  if (classes.anchors() == 0) {
    if (gradient.embeddings != nullptr) std::fill_n(gradient.embeddings, shape.rows * shape.dims, 0.0F);
    if (gradient.temperature != nullptr) *gradient.temperature = 0;
    return 0;
  }
  if (!is_for_tiles(shape, temperature)) {
    return supcon_precise(embeddings, classes, shape, temperature, threads, gradient);
  }
  const TiledLoss tiled = supcon_tiled(embeddings, classes, shape, temperature, threads, gradient, workspace);
  // The loss is that of the tiles either way: it does not depend on whether a gradient was asked for.
  if (!tiled.holds) supcon_precise(embeddings, classes, shape, temperature, threads, gradient);
  return tiled.loss;
}

}  // namespace unreel::contrast
