// Trains a projection head on embeddings with the supervised contrastive loss.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/cancel_token.h"
#include "contrast/linear_head.h"

namespace unreel::contrast {

/// Borrowed training rows. label 1 = fake, 0 = real; group = the source a row came from (never split across folds).
struct TrainingRows {
  const float* x = nullptr;  ///< rows x dims
  const std::int32_t* labels = nullptr;
  const std::int32_t* groups = nullptr;  ///< may be null: every row its own group
  std::size_t rows = 0;
  std::size_t dims = 0;
};

struct TrainerOptions {
  std::size_t dimension = 128;
  double temperature = 0.07;
  int epochs = 30;
  std::size_t batch = 256;      ///< rows; half of each class as far as both have rows
  double learning_rate = 1e-3;  ///< AdamW with cosine decay to 0
  double weight_decay = 1e-4;   ///< on weights, not on biases
  double validation = 0.2;      ///< share of groups kept for choosing the epoch
  std::uint64_t seed = 1;
  int threads = 1;
};

struct EpochReport {
  int epoch = 0;  ///< from 1
  double loss = 0;             ///< mean over the epoch's batches
  double validation_loss = 0;  ///< NaN where there is no validation part
  double mean_cosine = 0;      ///< mean pairwise cosine of the projected validation (else training) rows
};

struct TrainedHead {
  LinearHead head;  ///< of the best epoch by validation loss
  int best_epoch = 0;
  std::vector<EpochReport> history;
};

/**
 * Same rows, options and seed: the same bytes, whatever the thread count. `on_epoch` is called on the calling thread.
 * Throws one_class, not_finite (names row and column), too_few_groups, diverged, aborted, invalid_argument.
 */
TrainedHead train_head(const TrainingRows& rows, const TrainerOptions& options,
                       const std::function<void(const EpochReport&)>& on_epoch, const CancelToken& cancel);

}  // namespace unreel::contrast
