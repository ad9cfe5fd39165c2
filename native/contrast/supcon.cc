#include "contrast/supcon.h"

#include "base/simd_target.h"
#include "contrast/arguments.h"
#include "contrast/supcon_precise.h"
#include "contrast/supcon_tiled.h"

namespace unreel::contrast {
namespace {

/// Up to this many rows double costs nothing that one would notice.
constexpr std::size_t kSmallBatch = 64;

bool is_for_tiles(LossShape shape, double temperature) {
  return shape.rows > kSmallBatch && 2 / temperature <= kLargestSharedSpread && simd_target() != kScalarTarget;
}

}  // namespace

double supcon(const float* embeddings, const std::int32_t* labels, LossShape shape, double temperature, int threads,
              const LossGradient& gradient, LossWorkspace* workspace) {
  require_temperature(temperature);
  require_embeddings(embeddings, shape.rows, shape.dims);
  if (is_for_tiles(shape, temperature)) {
    LossWorkspace own;
    const TiledLoss tiled = supcon_tiled(embeddings, labels, shape, temperature, threads, gradient,
                                         workspace == nullptr ? own : *workspace);
    // The loss is that of the tiles either way: it does not depend on whether a gradient was asked for.
    if (!tiled.holds) supcon_precise(embeddings, labels, shape, temperature, threads, gradient);
    return tiled.loss;
  }
  return supcon_precise(embeddings, labels, shape, temperature, threads, gradient);
}

}  // namespace unreel::contrast
