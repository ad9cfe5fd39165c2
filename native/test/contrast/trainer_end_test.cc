// How a training ends, and how it goes on.
#include "contrast/trainer.h"

#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

#include "data.h"
#include "trainer_toy.h"

namespace unreel::contrast {
namespace {

using test::balanced_toy;
using test::detail;
using test::error_of;
using test::expect_same;
using test::numbers;
using test::quick_options;
using test::Toy;
using test::train;

/// Options that use all that a state holds.
TrainerOptions rich_options() {
  TrainerOptions options = quick_options();
  options.hidden = 12;
  options.dropout = 0.2;
  options.warm_up = 0.3;
  options.clip_norm = 0.5;
  options.learn_temperature = true;
  options.loss.term = LossTerm::cross_entropy;
  return options;
}

TEST(TrainHead, HasTheSameBytesForAnyThreadCount) {
  Toy toy;
  const TrainingRows rows = toy.view_with_validation();
  for (TrainerOptions options : {quick_options(), rich_options()}) {
    options.batch = 80;
    const TrainingResult single = train(rows, options, {}, nullptr, 1);
    expect_same(train(rows, options, {}, nullptr, 3), single);
  }
}

TEST(TrainHead, GoesOnFromAnyStateToTheSameBytes) {
  Toy toy;
  const TrainingRows rows = toy.view_with_validation();
  for (TrainerOptions options : {quick_options(), rich_options()}) {
    for (const OptimizerKind optimizer : {OptimizerKind::adamw, OptimizerKind::sgd}) {
      options.optimizer = optimizer;
      std::vector<TrainerState> states;
      TrainingHooks hooks;
      hooks.on_epoch = [&](const TrainerState& state) { states.push_back(state); };
      const TrainingResult whole = train(rows, options, hooks);
      for (const TrainerState& state : states) expect_same(train(rows, options, {}, &state), whole);
    }
  }
}

TEST(TrainHead, StoppedKeepsTheBestAndGoesOnToTheSameBytes) {
  Toy toy;
  const TrainingRows rows = toy.view_with_validation();
  const TrainingResult whole = train(rows, rich_options());
  TrainingHooks hooks;
  hooks.on_epoch = [&](const TrainerState& state) {
    if (state.epochs == 3) hooks.stop.cancel();
  };
  const TrainingResult stopped = train(rows, rich_options(), hooks);
  EXPECT_EQ(stopped.end, TrainingEnd::stopped);
  EXPECT_EQ(stopped.state.epochs, 3);
  EXPECT_FALSE(stopped.failure);
  EXPECT_EQ(stopped.state.best_epoch >= 1, true);
  expect_same(train(rows, rich_options(), {}, &stopped.state), whole);

  TrainingHooks at_once;
  at_once.stop.cancel();
  EXPECT_EQ(error_of([&] { train(rows, quick_options(), at_once); }).code(), ErrorCode::aborted);
}

TEST(TrainHead, EndsWhenTheValidationLossHasStalled) {
  Toy toy;
  const TrainingRows rows = toy.view_with_validation();
  // Validation labels without meaning: the better the classes are told apart, the worse for them.
  for (std::size_t row = 0; row < toy.rows; ++row) {
    if (toy.validation[row] != 0) toy.labels[row] = static_cast<std::int32_t>(row % 2);
  }
  TrainerOptions options = quick_options();
  options.epochs = 40;
  options.patience = 3;
  const TrainingResult early = train(rows, options);
  EXPECT_EQ(early.end, TrainingEnd::early);
  EXPECT_EQ(early.state.epochs, early.state.best_epoch + 3);
  const TrainingResult again = train(rows, options, {}, &early.state);
  EXPECT_EQ(again.end, TrainingEnd::early);
  EXPECT_EQ(again.state.epochs, early.state.epochs);
  EXPECT_EQ(numbers(again.state.best), numbers(early.state.best));
  EXPECT_LT(early.state.epochs, 40);
  options.patience = 0;
  EXPECT_EQ(train(rows, options).state.epochs, 40);
  // Without a validation part nothing can stall.
  options.patience = 1;
  EXPECT_EQ(train(toy.view(), options).end, TrainingEnd::finished);
}

TEST(TrainHead, TellsAHeadThatCollapsed) {
  // Dead units: a bias alone is left of the hidden layer, so all rows come to one point.
  Toy toy;
  TrainingHooks hooks;
  TrainerOptions options = quick_options();
  options.hidden = 4;
  TrainerState dead;
  hooks.on_epoch = [&](const TrainerState& state) { dead = state; };
  options.epochs = 1;
  train(toy.view(), options, hooks);
  dead.head.layers[0].weight.assign(dead.head.layers[0].weight.size(), 0.0F);
  dead.head.layers[0].bias.assign(4, -1.0F);
  dead.head.layers[1].bias.assign(options.dimension, 1.0F);
  options.epochs = 5;
  const TrainerState before = dead;
  const TrainingResult result = train(toy.view(), options, hooks, &before);
  EXPECT_EQ(result.end, TrainingEnd::collapsed);
  // Its epoch counts for nothing: neither the hook nor the result sees what it led to.
  EXPECT_EQ(dead.epochs, 1);
  EXPECT_EQ(result.state.epochs, 1);
  EXPECT_EQ(result.state.history.size(), 1U);
  EXPECT_EQ(numbers(result.state.head), numbers(before.head));
  EXPECT_EQ(numbers(result.state.best), numbers(before.best));
  ASSERT_TRUE(result.failure);
  EXPECT_EQ(result.failure->code(), ErrorCode::collapsed);
  EXPECT_EQ(std::get<std::int64_t>(detail(*result.failure, "epoch")), 2);
  EXPECT_GT(std::get<double>(detail(*result.failure, "crossCosine")), 0.99);
  EXPECT_NE(result.failure->message().find("learningRate"), std::string::npos) << result.failure->message();
  const TrainingResult again = train(toy.view(), options, {}, &result.state);
  EXPECT_EQ(again.end, TrainingEnd::collapsed);
  EXPECT_EQ(again.state.epochs, 1);
}

TEST(TrainHead, StopsWhenItIsCancelled) {
  Toy toy;
  int epochs = 0;
  TrainingHooks hooks;
  hooks.on_epoch = [&](const TrainerState& state) {
    ++epochs;
    if (state.epochs == 2) hooks.cancel.cancel();
  };
  EXPECT_EQ(error_of([&] { train(toy.view(), quick_options(), hooks); }).code(), ErrorCode::aborted);
  EXPECT_EQ(epochs, 2);
  EXPECT_EQ(error_of([&] { train(toy.view(), quick_options(), hooks); }).code(), ErrorCode::aborted);
}

TEST(TrainHead, SaysInWhichEpochItDivergedAndKeepsTheStateBefore) {
  Toy toy;
  TrainerOptions mild = quick_options();
  mild.epochs = 2;
  TrainerOptions wild = mild;
  wild.learning_rate = 1e300;
  const TrainingResult first = train(toy.view(), wild);
  EXPECT_EQ(first.end, TrainingEnd::diverged);
  EXPECT_EQ(first.failure->code(), ErrorCode::diverged);
  EXPECT_EQ(std::get<std::int64_t>(detail(*first.failure, "epoch")), 1);
  EXPECT_NE(first.failure->message().find("learningRate (1e+300)"), std::string::npos) << first.failure->message();
  EXPECT_EQ(first.state.best_epoch, 0);

  std::vector<TrainerState> states;
  TrainingHooks hooks;
  hooks.on_epoch = [&](const TrainerState& state) { states.push_back(state); };
  train(toy.view(), mild, hooks);
  const TrainingResult later = train(toy.view(), wild, {}, &states[0]);
  EXPECT_EQ(std::get<std::int64_t>(detail(*later.failure, "epoch")), 2);
  EXPECT_EQ(numbers(later.state.head), numbers(states[0].head));
  EXPECT_EQ(later.state.best_epoch, 1);
}

TEST(TrainHead, DivergesOnFeaturesThatPassFloatsRange) {
  Toy toy;
  for (float& value : toy.x) value *= 1e38F;
  TrainerOptions options = quick_options();
  options.learning_rate = 10;
  EXPECT_EQ(train(toy.view(), options).failure->code(), ErrorCode::diverged);
}

TEST(TrainHead, DivergesWhenTheLastStepOfAnEpochPassesFloatsRange) {
  // One step: its loss is that of the weights before; those after it are finite, what they project to is not.
  Toy toy;
  TrainerOptions options = quick_options();
  options.epochs = 1;
  options.batch = 1000;
  options.weight_decay = 0;
  options.learning_rate = 3e38;
  const TrainingResult result = train(toy.view(), options);
  EXPECT_EQ(result.end, TrainingEnd::diverged);
  EXPECT_EQ(result.state.epochs, 0);
}

TEST(TrainHead, DivergesWithItsClassifier) {
  // The first step of a classifier of zeros does not reach the head.
  Toy toy;
  TrainerOptions options = quick_options();
  options.optimizer = OptimizerKind::sgd;
  options.loss.term = LossTerm::hinge;
  options.loss.term_weight = 1e39;
  options.learning_rate = 1000;
  EXPECT_EQ(train(toy.view(), options).end, TrainingEnd::diverged);
}

TEST(TrainHead, DivergesWithItsTemperature) {
  // Rows of a class are no nearer than others: the loss falls as the temperature rises.
  Toy toy = balanced_toy(32);
  TrainerOptions options = quick_options();
  options.learn_temperature = true;
  options.learning_rate = 1000;
  const TrainingResult result = train(toy.view(), options);
  ASSERT_EQ(result.end, TrainingEnd::diverged);
  EXPECT_EQ(result.failure->code(), ErrorCode::diverged);
}

}  // namespace
}  // namespace unreel::contrast
