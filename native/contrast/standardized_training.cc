#include "contrast/standardized_training.h"

#include "contrast/standard.h"
#include "contrast/training_parts.h"

namespace unreel::contrast {
namespace {

std::optional<Head> best_of(const TrainingResult& result) {
  if (result.state.best_epoch == 0) return std::nullopt;
  return result.state.best;
}

}  // namespace

StandardizedTraining train_standardized(const Device& device, const TrainingRows& rows,
                                        const std::vector<std::size_t>& blocks, int threads,
                                        const TrainerOptions& options, const TrainingHooks& hooks,
                                        const TrainerState* from) {
  if (blocks.empty()) {
    StandardizedTraining plain{train_head(device, rows, options, hooks, from), std::nullopt};
    plain.head = best_of(plain.result);
    return plain;
  }
  const Standard standard = standard_of(*rows.x, TrainingParts(rows).training, blocks, threads);
  const StandardizedRows standardized(*rows.x, standard);
  TrainingRows scaled = rows;
  scaled.x = &standardized;
  StandardizedTraining trained{train_head(device, scaled, options, hooks, from), std::nullopt};
  trained.head = best_of(trained.result);
  if (trained.head) {
    LinearLayer& first = trained.head->layers.front();
    fold(standard, first.weight.data(), first.bias.data(), first.in, first.out);
  }
  return trained;
}

}  // namespace unreel::contrast
