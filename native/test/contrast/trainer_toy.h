// A training set that is learnt in milliseconds, for the tests of the trainer.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "base/random.h"
#include "contrast/trainer.h"

namespace unreel::contrast::test {

/// Embeddings whose classes differ in two components and hide behind twenty noisy ones; six rows a group, as frames of
/// a video would be.
struct Toy {
  std::size_t rows, dims = 22;
  std::vector<float> x;
  std::unique_ptr<RowSource> source;
  std::vector<std::int32_t> labels;
  std::vector<std::uint32_t> groups;
  std::vector<std::uint8_t> validation;

  explicit Toy(std::size_t row_count = 240) : rows(row_count) {
    Random random(41);
    for (std::size_t row = 0; row < rows; ++row) {
      groups.push_back(static_cast<std::uint32_t>(row / 6));
      labels.push_back(groups.back() % 3 == 0 ? 0 : 1);
      for (std::size_t k = 0; k < dims; ++k) {
        const double noise = 2 * random.uniform() - 1;
        const double sign = labels.back() == 1 ? 1 : -1;
        x.push_back(static_cast<float>(k < 2 ? 0.6 * sign + 0.4 * noise : noise));
      }
    }
  }

  /// The first `count` rows train.
  TrainingRows view(std::size_t count) {
    source = std::make_unique<MemoryRows>(x.data(), count, dims);
    return {source.get(), labels.data()};
  }

  TrainingRows view() { return view(rows); }

  /// Every fifth group chooses the epoch.
  TrainingRows view_with_validation() {
    validation.assign(rows, 0);
    for (std::size_t row = 0; row < rows; ++row) validation[row] = groups[row] % 5 == 0 ? 1 : 0;
    TrainingRows all = view();
    all.validation = validation.data();
    all.videos = groups.data();
    return all;
  }
};

/// As many reals as fakes.
inline Toy balanced_toy(std::size_t rows) {
  Toy toy(rows);
  for (std::size_t row = 0; row < rows; ++row) toy.labels[row] = row % 2 == 0 ? 0 : 1;
  return toy;
}

inline TrainerOptions quick_options() {
  TrainerOptions options;
  options.dimension = 8;
  options.epochs = 6;
  options.batch = 32;
  options.learning_rate = 0.02;
  options.warm_up = 0;
  return options;
}

inline TrainingResult train(const TrainingRows& rows, const TrainerOptions& options = quick_options(),
                            const TrainingHooks& hooks = {}, const TrainerState* from = nullptr, int threads = 2) {
  return train_head(*cpu_device(threads), rows, options, hooks, from);
}

/// Weights and biases of all layers.
inline std::vector<float> numbers(const Head& head) {
  std::vector<float> all;
  for (const LinearLayer& layer : head.layers) {
    all.insert(all.end(), layer.weight.begin(), layer.weight.end());
    all.insert(all.end(), layer.bias.begin(), layer.bias.end());
  }
  return all;
}

/// In every bit.
inline void expect_same(const TrainingResult& one, const TrainingResult& other) {
  EXPECT_EQ(numbers(one.state.best), numbers(other.state.best));
  EXPECT_EQ(numbers(one.state.head), numbers(other.state.head));
  EXPECT_EQ(one.end, other.end);
  ASSERT_EQ(one.state.history.size(), other.state.history.size());
  for (std::size_t i = 0; i < one.state.history.size(); ++i) {
    const EpochReport& a = one.state.history[i];
    const EpochReport& b = other.state.history[i];
    EXPECT_EQ(a.loss, b.loss);
    EXPECT_EQ(a.validation_loss, b.validation_loss);
    EXPECT_EQ(a.health.uniformity, b.health.uniformity);
    EXPECT_EQ(a.health.auc, b.health.auc);
    EXPECT_EQ(a.temperature, b.temperature);
  }
}

}  // namespace unreel::contrast::test
