#include "contrast/loss.h"

#include "contrast/supcon.h"

namespace unreel::contrast {

double contrastive_loss(const float* embeddings, const std::int32_t* labels, LossShape shape,
                        const LossOptions& options, int threads, const LossGradient& gradient) {
  return supcon(embeddings, labels, shape, options.temperature, threads, gradient);
}

}  // namespace unreel::contrast
