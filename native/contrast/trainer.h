// Trains a projection head on embeddings with a contrastive loss.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/cancel_token.h"
#include "base/error.h"
#include "contrast/device.h"
#include "contrast/embedding_health.h"
#include "contrast/head.h"
#include "contrast/rows.h"
#include "contrast/trainer_options.h"

namespace unreel::contrast {

/// Borrowed training rows. Which of them choose the epoch is the caller's to say: only he knows which rows share a
/// source.
struct TrainingRows {
  const RowSource* x = nullptr;
  const std::int32_t* labels = nullptr;      ///< one a row; 1 = fake, 0 = real
  const std::uint8_t* validation = nullptr;  ///< one a row, 1 = chooses the epoch and trains nothing; null: all train
  const std::uint32_t* videos = nullptr;     ///< one a row, which video it is of; null: each row is its own
  const std::uint32_t* groups = nullptr;     ///< one a row, which source clip it goes back to; null: unknown
};

struct EpochReport {
  int epoch = 0;               ///< from 1
  double loss = 0;             ///< mean over the epoch's batches, each before its step
  double validation_loss = 0;  ///< NaN where there is no validation part
  EmbeddingHealth health;      ///< of the validation (else training) rows, at most 65,536 of them, evenly spread
  double learning_rate = 0;    ///< of the epoch's last step
  double temperature = 0;      ///< after the epoch
};

/// All that a training is between two epochs: train_head() goes on from it to the same bytes.
struct TrainerState {
  int epochs = 0;  ///< done
  std::size_t steps = 0;
  Head head;
  std::vector<float> classifier;  ///< of the classification term: weights, then the bias; empty without
  float log_scale = 0;            ///< log(1 / temperature)
  std::vector<double> optimizer;  ///< Optimizer::state()
  Head best;                      ///< of best_epoch
  int best_epoch = 0;             ///< 0 before the first epoch's end
  std::vector<EpochReport> history;
};

enum class TrainingEnd {
  finished,   ///< after all epochs
  early,      ///< no better validation loss for `patience` epochs
  stopped,    ///< by TrainingHooks::stop
  collapsed,  ///< all rows, real and fake, were projected to one point
  diverged    ///< the loss, a projection or a weight became NaN or infinite
};

struct TrainingResult {
  TrainerState state;  ///< after the last epoch that was whole; `best` is the head to keep
  TrainingEnd end = TrainingEnd::finished;
  std::optional<Error> failure;  ///< what to tell the user of collapsed and diverged
};

/// What others have to do with a running training. All may be left out.
struct TrainingHooks {
  std::function<void(const TrainerState&)> on_epoch;  ///< after each epoch, on the calling thread
  CancelToken cancel;                                 ///< throws aborted; looked at once a batch
  CancelToken stop;                                   ///< ends the training with what it has; looked at once a batch
};

/**
 * Same rows, options, seed and kind of device: the same bytes, whatever the thread count, and whether or not it was
 * interrupted and went on from a state (`from`, of the same rows and options; null for a fresh start). Memory: rows are
 * gathered batch by batch. Several threads may train at once, each with its own device.
 *
 * The best epoch is that of the least validation loss (training loss where there is no validation part). The validation
 * loss is the mean over class-balanced batches of the validation part, which are drawn once: it compares with the
 * training loss, and from epoch to epoch. Rows whose projection is zero teach the head nothing in that step. A run has
 * collapsed when at an epoch's end the mean cosine of a real and a fake row is above 0.99; the state is then that
 * before the epoch, as after a divergence.
 *
 * Throws invalid_argument (an option outside its range, a label other than 0 and 1, a part without two rows of a
 * class), one_class (also when one part of TrainingRows::validation lacks a class), not_finite (names row and column),
 * aborted, internal (a state whose sizes are not those of these rows and options), and what RowSource::gather() throws.
 * A training that is stopped before its first epoch ends throws aborted.
 */
TrainingResult train_head(const Device& device, const TrainingRows& rows, const TrainerOptions& options,
                          const TrainingHooks& hooks, const TrainerState* from);

}  // namespace unreel::contrast
