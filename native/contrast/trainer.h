// Trains a projection head on embeddings with the supervised contrastive loss.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/cancel_token.h"
#include "contrast/linear_head.h"

namespace unreel::contrast {

/// Borrowed training rows. Which of them choose the epoch is the caller's to say: only he knows which rows share a
/// source.
struct TrainingRows {
  const float* x = nullptr;                  ///< rows x dims
  const std::int32_t* labels = nullptr;      ///< 1 = fake, 0 = real
  const std::uint8_t* validation = nullptr;  ///< one a row, 1 = chooses the epoch and trains nothing; null: all train
  std::size_t rows = 0;
  std::size_t dims = 0;
};

struct TrainerOptions {
  std::size_t dimension = 128;
  double temperature = 0.07;
  int epochs = 30;
  std::size_t batch = 256;      ///< rows, at least 4; half of each class as far as both have rows
  double learning_rate = 1e-3;  ///< AdamW with cosine decay to 0, step by step
  double weight_decay = 1e-4;   ///< on weights, not on biases
  std::uint64_t seed = 1;
  int threads = 1;
};

struct EpochReport {
  int epoch = 0;               ///< from 1
  double loss = 0;             ///< mean over the epoch's batches, each before its step
  double validation_loss = 0;  ///< NaN where there is no validation part
  double mean_cosine = 0;      ///< mean pairwise cosine of the projected validation (else training) rows
};

struct TrainedHead {
  LinearHead head;  ///< of the best epoch by validation loss (by training loss where there is no validation part)
  int best_epoch = 0;
  std::vector<EpochReport> history;
};

/**
 * Same rows, options and seed: the same bytes, whatever the thread count. `on_epoch` may be empty; it is called on the
 * calling thread after each epoch. Memory: the rows are borrowed, not copied. Several threads may train at once.
 *
 * The validation loss is the mean over class-balanced batches of the validation part, which are drawn once: it compares
 * with the training loss, and from epoch to epoch. Rows whose projection is zero teach nothing in that step.
 *
 * Throws invalid_argument (an option outside its range, a label other than 0 and 1, a part without two rows of a
 * class), one_class (also when one part of TrainingRows::validation lacks a class), not_finite (names row and column),
 * diverged (the loss, a projection or a weight became NaN or infinite), aborted (seen once per batch).
 */
TrainedHead train_head(const TrainingRows& rows, const TrainerOptions& options,
                       const std::function<void(const EpochReport&)>& on_epoch, const CancelToken& cancel);

}  // namespace unreel::contrast
