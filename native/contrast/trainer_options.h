// What a training may be told.
#pragma once

#include <cstddef>
#include <cstdint>

#include "contrast/loss.h"

namespace unreel::contrast {

enum class OptimizerKind { adamw, sgd };

struct TrainerOptions {
  std::size_t dimension = 128;
  std::size_t hidden = 0;  ///< units of the hidden layer; 0 for a linear head
  double dropout = 0;      ///< share of the last layer's inputs that a training step drops, below 1
  LossOptions loss;
  bool learn_temperature = false;  ///< loss.temperature is where it begins; 1 / temperature ends at 100, as in CLIP
  int epochs = 30;
  std::size_t batch = 256;           ///< rows, at least 4; half of each class as far as both have rows
  std::size_t frames_per_video = 4;  ///< rows of one video side by side in a batch, at most
  OptimizerKind optimizer = OptimizerKind::adamw;
  double momentum = 0.9;        ///< of sgd
  double learning_rate = 1e-3;  ///< reached after the warm-up, decays to 0 along a cosine, step by step
  double warm_up = 0.05;        ///< share of all steps in which the rate rises from near 0, below 1
  double weight_decay = 1e-4;   ///< on weights, not on biases or the temperature
  double clip_norm = 0;         ///< the gradient is scaled down to this norm; 0 for as it is
  int patience = 10;            ///< epochs without a better validation loss before the end; 0 for never
  std::uint64_t seed = 1;
};

/// Throws invalid_argument, which names the option as the TypeScript face calls it. Options of the loss are its own to
/// refuse.
void require_options(const TrainerOptions& options);

}  // namespace unreel::contrast
