#include "contrast/standardized_training.h"

#include <gtest/gtest.h>

#include <vector>

#include "contrast/standard.h"
#include "contrast/training_parts.h"
#include "trainer_toy.h"

namespace unreel::contrast {
namespace {

using test::expect_same;
using test::numbers;
using test::quick_options;
using test::Toy;
using test::train;

/// The toy's features, those of the second block a hundred times as large and far from 0.
Toy uneven_toy() {
  Toy toy;
  for (std::size_t i = 0; i < toy.x.size(); ++i) {
    if (i % toy.dims >= 10) toy.x[i] = 700 + 100 * toy.x[i];
  }
  return toy;
}

const std::vector<std::size_t> kBlocks = {10, 12};

StandardizedTraining trained(const TrainingRows& rows, const std::vector<std::size_t>& blocks,
                             const TrainerOptions& options = quick_options(), int threads = 2) {
  return train_standardized(*cpu_device(threads), rows, blocks, threads, options, {}, nullptr);
}

TEST(StandardizedTraining, IsTheTrainingOfRowsByTheStandardOfTheTrainingPart) {
  Toy toy = uneven_toy();
  const TrainingRows rows = toy.view_with_validation();
  const Standard standard = standard_of(*rows.x, TrainingParts(rows).training, kBlocks, 1);
  const StandardizedRows standardized(*rows.x, standard);
  TrainingRows scaled = rows;
  scaled.x = &standardized;
  expect_same(trained(rows, kBlocks).result, train(scaled));
}

TEST(StandardizedTraining, KeepsTheBestHeadForRowsAsTheyAre) {
  Toy toy = uneven_toy();
  const TrainingRows rows = toy.view_with_validation();
  const StandardizedTraining training = trained(rows, kBlocks);
  const Standard standard = standard_of(*rows.x, TrainingParts(rows).training, kBlocks, 1);
  std::vector<std::size_t> all(toy.rows);
  for (std::size_t row = 0; row < toy.rows; ++row) all[row] = row;
  std::vector<float> standardized(toy.x.size());
  StandardizedRows(*rows.x, standard).gather(all.data(), toy.rows, standardized.data());
  ASSERT_TRUE(training.head);
  std::vector<float> raw_z(toy.rows * training.head->out());
  std::vector<float> z(raw_z.size());
  project(*training.head, toy.x.data(), toy.rows, 1, raw_z.data());
  project(training.result.state.best, standardized.data(), toy.rows, 1, z.data());
  for (std::size_t i = 0; i < z.size(); ++i) EXPECT_NEAR(raw_z[i], z[i], 1e-4);
}

TEST(StandardizedTraining, TakesRowsAsTheyAreWithoutBlocks) {
  Toy toy;
  const TrainingRows rows = toy.view_with_validation();
  const StandardizedTraining training = trained(rows, {});
  expect_same(training.result, train(rows));
  ASSERT_TRUE(training.head);
  EXPECT_EQ(numbers(*training.head), numbers(training.result.state.best));
}

TEST(StandardizedTraining, HasTheSameBytesForAnyThreadCount) {
  Toy toy = uneven_toy();
  const TrainingRows rows = toy.view_with_validation();
  const StandardizedTraining single = trained(rows, kBlocks, quick_options(), 1);
  const StandardizedTraining several = trained(rows, kBlocks, quick_options(), 3);
  expect_same(several.result, single.result);
  EXPECT_EQ(numbers(*several.head), numbers(*single.head));
}

TEST(StandardizedTraining, HasNoHeadWhereNoEpochWasWhole) {
  Toy toy;
  TrainerOptions options = quick_options();
  options.learning_rate = 1e300;
  for (const std::vector<std::size_t>& blocks : {std::vector<std::size_t>{}, kBlocks}) {
    const StandardizedTraining training = trained(toy.view(), blocks, options);
    EXPECT_EQ(training.result.end, TrainingEnd::diverged);
    EXPECT_FALSE(training.head);
  }
}

}  // namespace
}  // namespace unreel::contrast
