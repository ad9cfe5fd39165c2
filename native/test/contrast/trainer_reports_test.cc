// What a training reports of its epochs, on rows whose numbers a reader can check.
#include "contrast/trainer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <numeric>
#include <vector>

#include "contrast/training_parts.h"
#include "trainer_toy.h"

namespace unreel::contrast {
namespace {

using test::quick_options;
using test::train;

constexpr double kPi = 3.14159265358979323846;

/// A head that stays as it is.
TrainerOptions still_options() {
  TrainerOptions options = quick_options();
  options.dimension = 2;
  options.learning_rate = 1e-300;
  options.weight_decay = 0;
  return options;
}

/// Rows in the plane, by angle in degrees.
struct Plane {
  std::vector<float> x;
  std::vector<std::int32_t> labels;
  std::vector<std::uint8_t> validation;
  std::unique_ptr<RowSource> source;

  void add(double degrees, std::int32_t label, bool chooses = false) {
    const double angle = degrees * kPi / 180;
    x.push_back(static_cast<float>(std::cos(angle)));
    x.push_back(static_cast<float>(std::sin(angle)));
    labels.push_back(label);
    validation.push_back(chooses ? 1 : 0);
  }

  TrainingRows view() {
    source = std::make_unique<MemoryRows>(x.data(), labels.size(), 2);
    return {source.get(), labels.data(), validation.data()};
  }
};

/// The second epoch of a head that gives rows back as they are.
EpochReport report_of(Plane& plane, TrainerOptions options) {
  options.epochs = 1;
  TrainerState state = train(plane.view(), options).state;
  state.head.layers[0].weight = {1, 0, 0, 1};
  state.head.layers[0].bias = {0, 0};
  options.epochs = 2;
  return train(plane.view(), options, {}, &state).state.history.back();
}

TEST(EpochReport, HealthIsOfValidationRowsAndScoresGoFromTrainingRealsToTrainingFakes) {
  Plane plane;
  for (int i = 0; i < 2; ++i) plane.add(0, 0);
  for (int i = 0; i < 6; ++i) plane.add(90, 1);
  for (int i = 0; i < 2; ++i) plane.add(135, 0, true);
  plane.add(100, 1, true);
  const EmbeddingHealth health = report_of(plane, still_options()).health;
  const double cosine = std::cos(35 * kPi / 180);
  EXPECT_NEAR(health.mean_cosine, (1 + 2 * cosine) / 3, 1e-6);
  EXPECT_NEAR(health.cross_cosine, cosine, 1e-6);
  EXPECT_NEAR(health.alignment, 0, 1e-6);
  // North less east: 135 degrees are farther along than 100, so each real beats the fake.
  EXPECT_EQ(health.auc, 0);
}

TEST(EpochReport, HealthIsOfTrainingRowsWithoutValidation) {
  Plane plane;
  for (int i = 0; i < 2; ++i) plane.add(0, 0);
  for (int i = 0; i < 6; ++i) plane.add(90, 1);
  const EmbeddingHealth health = report_of(plane, still_options()).health;
  EXPECT_NEAR(health.mean_cosine, (1.0 + 15) / 28, 1e-6);
  EXPECT_EQ(health.auc, 1);
}

TEST(EpochReport, LossesAreMeansOverBatches) {
  Plane plane;
  for (int i = 0; i < 8; ++i) plane.add(0, 0);
  for (int i = 0; i < 8; ++i) plane.add(90, 1);
  for (int i = 0; i < 4; ++i) plane.add(0, 0, true);
  for (int i = 0; i < 4; ++i) plane.add(180, 1, true);
  TrainerOptions options = still_options();
  options.batch = 4;
  options.loss.temperature = 0.5;
  // Two rows of each class a batch: an anchor has its positive at the same place, and two others.
  const EpochReport report = report_of(plane, options);
  EXPECT_NEAR(report.loss, std::log(1 + 2 * std::exp(-1 / 0.5)), 1e-6);
  EXPECT_NEAR(report.validation_loss, std::log(1 + 2 * std::exp(-2 / 0.5)), 1e-6);
}

TEST(EpochReport, LearningRateIsThatOfTheLastStep) {
  Plane plane;
  for (int i = 0; i < 8; ++i) plane.add(10 * i, i % 2);
  TrainerOptions options = quick_options();
  options.batch = 4;
  options.epochs = 2;
  const auto history = train(plane.view(), options).state.history;
  ASSERT_EQ(history.size(), 2U);
  // Four steps along a cosine.
  EXPECT_NEAR(history[0].learning_rate, 0.02 / 2 * (1 + std::cos(kPi / 4)), 1e-12);
  EXPECT_NEAR(history[1].learning_rate, 0.02 / 2 * (1 + std::cos(kPi * 3 / 4)), 1e-12);
}

TEST(EpochReport, TheFirstOfEqualEpochsIsTheBest) {
  Plane plane;
  for (int i = 0; i < 16; ++i) plane.add(10 * i, i % 2, i < 8);
  const TrainerState state = train(plane.view(), still_options()).state;
  EXPECT_EQ(state.history.back().validation_loss, state.history.front().validation_loss);
  EXPECT_EQ(state.best_epoch, 1);
}

TEST(EpochReport, DropoutIsDrawnAnewInEachStep) {
  // All rows of a class are alike, so every epoch has the same batch.
  Plane plane;
  for (int i = 0; i < 16; ++i) plane.add(i % 2 == 0 ? 0 : 90, i % 2);
  TrainerOptions options = still_options();
  options.epochs = 2;
  const auto plain = train(plane.view(), options).state.history;
  ASSERT_EQ(plain.size(), 2U);
  EXPECT_EQ(plain[0].loss, plain[1].loss);
  options.dropout = 0.5;
  const auto dropped = train(plane.view(), options).state.history;
  ASSERT_EQ(dropped.size(), 2U);
  EXPECT_NE(dropped[0].loss, dropped[1].loss);
}

TEST(Evenly, SpreadsOverTheWholeListInOrder) {
  RowList rows(10);
  std::iota(rows.begin(), rows.end(), std::size_t{20});
  EXPECT_EQ(evenly(rows, 4), (RowList{20, 22, 25, 27}));
  EXPECT_EQ(evenly(rows, 10), rows);
  EXPECT_EQ(evenly(rows, 11), rows);
}

}  // namespace
}  // namespace unreel::contrast
