#include "contrast/trainer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "contrast/head_pass.h"
#include "contrast/optimizer.h"
#include "contrast/supcon.h"
#include "data.h"

namespace unreel::contrast {
namespace {

using test::detail;
using test::error_of;

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
Toy balanced_toy(std::size_t rows) {
  Toy toy(rows);
  for (std::size_t row = 0; row < rows; ++row) toy.labels[row] = row % 2 == 0 ? 0 : 1;
  return toy;
}

TrainerOptions quick_options() {
  TrainerOptions options;
  options.dimension = 8;
  options.epochs = 6;
  options.batch = 32;
  options.learning_rate = 0.02;
  options.warm_up = 0;
  return options;
}

TrainingResult train(const TrainingRows& rows, const TrainerOptions& options = quick_options(),
                     const TrainingHooks& hooks = {}, const TrainerState* from = nullptr, int threads = 2) {
  return train_head(*cpu_device(threads), rows, options, hooks, from);
}

Error refusal(const TrainingRows& rows, const TrainerOptions& options = quick_options()) {
  return error_of([&] { train(rows, options); });
}

/// Weights and biases of all layers.
std::vector<float> numbers(const Head& head) {
  std::vector<float> all;
  for (const LinearLayer& layer : head.layers) {
    all.insert(all.end(), layer.weight.begin(), layer.weight.end());
    all.insert(all.end(), layer.bias.begin(), layer.bias.end());
  }
  return all;
}

std::vector<float> projected(const Head& head, const Toy& toy) {
  std::vector<float> z(toy.rows * head.out());
  project(head, toy.x.data(), toy.rows, 1, z.data());
  return z;
}

/// Mean cosine of two rows of one label, less that of two rows of different labels.
double separation(const Head& head, const Toy& toy) {
  const std::vector<float> z = projected(head, toy);
  double sums[2] = {};
  double pairs[2] = {};
  for (std::size_t i = 0; i < toy.rows; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const int same = toy.labels[i] == toy.labels[j] ? 1 : 0;
      for (std::size_t k = 0; k < head.out(); ++k) sums[same] += double{z[i * head.out() + k]} * z[j * head.out() + k];
      ++pairs[same];
    }
  }
  return sums[1] / pairs[1] - sums[0] / pairs[0];
}

void expect_same(const TrainingResult& one, const TrainingResult& other) {
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

TEST(TrainHead, PullsTheClassesApart) {
  Toy toy;
  for (const std::size_t hidden : {0, 24}) {
    TrainerOptions options = quick_options();
    options.epochs = 20;
    options.hidden = hidden;
    const TrainingResult trained = train(toy.view_with_validation(), options);
    EXPECT_LT(separation(Head::seeded({toy.dims, hidden, options.dimension}, options.seed), toy), 0.3);
    EXPECT_GT(separation(trained.state.best, toy), hidden == 0 ? 1.2 : 0.5);
    const auto& history = trained.state.history;
    const EpochReport& best = history[trained.state.best_epoch - 1];
    EXPECT_LT(best.validation_loss, history.front().validation_loss);
    EXPECT_LT(history.back().loss, history.front().loss);
    EXPECT_GT(best.health.auc, 0.99);
    EXPECT_LT(best.health.alignment, history.front().health.alignment);
  }
}

TEST(TrainHead, TellsTheClassesApartWithEveryLossAndTerm) {
  Toy toy;
  for (const LossKind kind :
       {LossKind::supcon, LossKind::align_uniform, LossKind::triplet, LossKind::margin, LossKind::single_centre}) {
    for (const LossTerm term : {LossTerm::none, LossTerm::cross_entropy, LossTerm::hinge}) {
      TrainerOptions options = quick_options();
      options.epochs = 15;
      options.loss.kind = kind;
      options.loss.term = term;
      const TrainingResult trained = train(toy.view_with_validation(), options);
      const EpochReport& best = trained.state.history[trained.state.best_epoch - 1];
      EXPECT_GT(best.health.auc, 0.99) << static_cast<int>(kind) << ", " << static_cast<int>(term);
      EXPECT_LT(best.validation_loss, trained.state.history.front().validation_loss);
      EXPECT_EQ(trained.state.classifier.size(), term == LossTerm::none ? 0 : options.dimension + 1);
    }
  }
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
  const TrainingResult result = train(toy.view(), options, {}, &dead);
  EXPECT_EQ(result.end, TrainingEnd::collapsed);
  EXPECT_EQ(result.state.epochs, 2);
  ASSERT_TRUE(result.failure);
  EXPECT_EQ(result.failure->code(), ErrorCode::collapsed);
  EXPECT_EQ(std::get<std::int64_t>(detail(*result.failure, "epoch")), 2);
  EXPECT_GT(std::get<double>(detail(*result.failure, "crossCosine")), 0.99);
  EXPECT_NE(result.failure->message().find("learningRate"), std::string::npos) << result.failure->message();
  const TrainingResult again = train(toy.view(), options, {}, &result.state);
  EXPECT_EQ(again.end, TrainingEnd::collapsed);
  EXPECT_EQ(again.state.epochs, 2);
}

TEST(TrainHead, LearnsTheTemperatureWithinItsBounds) {
  Toy toy;
  TrainerOptions options = quick_options();
  options.learn_temperature = true;
  options.loss.temperature = 0.5;
  options.epochs = 15;
  // Classes that separate well want a low temperature.
  const TrainingResult trained = train(toy.view_with_validation(), options);
  EXPECT_LT(trained.state.history.back().temperature, 0.45);
  options.loss.temperature = 0.0101;
  options.learning_rate = 0.5;
  options.epochs = 3;
  for (const EpochReport& report : train(toy.view_with_validation(), options).state.history) {
    EXPECT_GE(report.temperature, 0.00999);
  }
  options.learn_temperature = false;
  EXPECT_EQ(train(toy.view_with_validation(), options).state.history.back().temperature, 0.0101);
}

TEST(TrainHead, DependsOnTheSeed) {
  Toy toy;
  TrainerOptions options = quick_options();
  const TrainingResult first = train(toy.view(), options);
  EXPECT_EQ(numbers(train(toy.view(), options).state.best), numbers(first.state.best));
  options.seed = 2;
  EXPECT_NE(numbers(train(toy.view(), options).state.best), numbers(first.state.best));
}

TEST(TrainHead, ReportsEachEpochOnceInOrderAndKeepsTheBest) {
  Toy toy;
  for (const bool validated : {true, false}) {
    const TrainingRows rows = validated ? toy.view_with_validation() : toy.view();
    TrainerOptions options = quick_options();
    // So coarse that the last epoch need not be the best.
    options.learning_rate = 3;
    std::vector<EpochReport> reports;
    TrainingHooks hooks;
    hooks.on_epoch = [&](const TrainerState& state) { reports.push_back(state.history.back()); };
    const TrainingResult trained = train(rows, options, hooks);
    ASSERT_EQ(reports.size(), 6U);
    ASSERT_EQ(trained.state.history.size(), 6U);
    for (int i = 0; i < 6; ++i) {
      EXPECT_EQ(reports[i].epoch, i + 1);
      EXPECT_EQ(trained.state.history[i].loss, reports[i].loss);
      EXPECT_EQ(std::isnan(reports[i].validation_loss), !validated);
      EXPECT_GE(reports[i].health.mean_cosine, -1);
      EXPECT_LE(reports[i].health.mean_cosine, 1);
    }
    const auto merit = [&](const EpochReport& report) { return validated ? report.validation_loss : report.loss; };
    const auto best = std::min_element(reports.begin(), reports.end(),
                                       [&](const auto& a, const auto& b) { return merit(a) < merit(b); });
    EXPECT_EQ(trained.state.best_epoch, best->epoch);
  }
}

TEST(TrainHead, GivesTheHeadOfTheBestEpoch) {
  Toy toy;
  TrainerOptions options = quick_options();
  options.learning_rate = 3;
  const TrainingResult trained = train(toy.view(), options);
  // The reports tell the head: mean_cosine is that of the best epoch's projections.
  const std::vector<float> z = projected(trained.state.best, toy);
  double sum = 0;
  for (std::size_t i = 0; i < toy.rows; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      for (std::size_t k = 0; k < options.dimension; ++k) {
        sum += double{z[i * options.dimension + k]} * z[j * options.dimension + k];
      }
    }
  }
  const double pairs = static_cast<double>(toy.rows * (toy.rows - 1)) / 2;
  EXPECT_NEAR(trained.state.history[trained.state.best_epoch - 1].health.mean_cosine, sum / pairs, 1e-5);
}

TEST(TrainHead, NeverTrainsOnRowsOfTheMask) {
  Toy toy;
  std::vector<std::uint8_t> mask(toy.rows);
  for (std::size_t row = 0; row < toy.rows; ++row) mask[row] = toy.groups[row] % 4 == 0 ? 1 : 0;
  TrainingRows rows = toy.view();
  rows.validation = mask.data();
  TrainerOptions options = quick_options();
  options.epochs = 1;
  const TrainingResult before = train(rows, options);
  for (std::size_t row = 0; row < toy.rows; ++row) {
    for (std::size_t k = 0; mask[row] != 0 && k < toy.dims; ++k)
      toy.x[row * toy.dims + k] *= -2.5F * static_cast<float>(k);
  }
  const TrainingResult after = train(rows, options);
  EXPECT_EQ(numbers(after.state.head), numbers(before.state.head));
  EXPECT_EQ(after.state.history[0].loss, before.state.history[0].loss);
  EXPECT_NE(after.state.history[0].validation_loss, before.state.history[0].validation_loss);
}

TEST(TrainHead, AMaskWithoutValidationRowsIsAsNoMask) {
  Toy toy;
  const std::vector<std::uint8_t> mask(toy.rows, 0);
  TrainingRows rows = toy.view();
  rows.validation = mask.data();
  const TrainingResult masked = train(rows);
  EXPECT_TRUE(std::isnan(masked.state.history[0].validation_loss));
  EXPECT_EQ(numbers(train(toy.view()).state.best), numbers(masked.state.best));
}

TEST(TrainHead, WarmsUpAndDecaysAlongACosine) {
  // Zero rows have no gradient, so the decay alone moves the weights: 8 rows in two batches are two steps an epoch.
  const std::vector<float> x(8 * 3, 0.0F);
  const MemoryRows source(x.data(), 8, 3);
  const std::vector<std::int32_t> labels = {0, 1, 0, 1, 0, 1, 0, 1};
  TrainerOptions options = quick_options();
  options.batch = 4;
  options.learning_rate = 0.5;
  options.weight_decay = 0.4;
  const auto factor_of = [&](double warm_up, int epochs) {
    options.warm_up = warm_up;
    options.epochs = epochs;
    const Head head = train({&source, labels.data()}, options).state.head;
    EXPECT_EQ(head.layers[0].bias, std::vector<float>(options.dimension, 0.0F));
    const Head start = Head::seeded({3, 0, options.dimension}, options.seed);
    return double{head.layers[0].weight[0]} / start.layers[0].weight[0];
  };
  EXPECT_NEAR(factor_of(0, 1), (1 - 0.5 * 0.4) * (1 - 0.25 * 0.4), 1e-6);
  // Half of four steps rise to the rate by thirds; the other two are as above.
  EXPECT_NEAR(factor_of(0.5, 2), (1 - 0.5 / 3 * 0.4) * (1 - 1.0 / 3 * 0.4) * (1 - 0.5 * 0.4) * (1 - 0.25 * 0.4), 1e-6);
}

TEST(TrainHead, TakesTheseTwoSteps) {
  // All rows fill one batch, whose order is the only thing that this loop does not know.
  Toy toy = balanced_toy(32);
  for (const double clip : {0.0, 0.01}) {
    for (const OptimizerKind kind : {OptimizerKind::adamw, OptimizerKind::sgd}) {
      TrainerOptions options = quick_options();
      options.epochs = 2;
      options.weight_decay = 4;
      options.clip_norm = clip;
      options.optimizer = kind;
      const TrainingResult trained = train(toy.view(), options);

      const auto device = cpu_device(1);
      Head head = Head::seeded({toy.dims, 0, options.dimension}, options.seed);
      LinearLayer& layer = head.layers[0];
      const std::size_t count = layer.weight.size() + layer.bias.size();
      const auto optimizer = kind == OptimizerKind::sgd ? sgd(count, 0.9) : adamw(count);
      for (const double rate : {options.learning_rate, options.learning_rate / 2}) {
        HeadPass pass;
        std::vector<LayerGradient> gradient;
        const std::vector<float>& u = pass.forward(*device, head, toy.x.data(), toy.rows);
        std::vector<float> du(u.size());
        supcon(u.data(), toy.labels.data(), {toy.rows, head.out()}, options.loss.temperature, 1, {du.data()});
        pass.backward(*device, head, du.data(), gradient);
        const std::vector<ParameterGroup> groups = {
            {layer.weight.data(), gradient[0].weight.data(), layer.weight.size(), options.weight_decay},
            {layer.bias.data(), gradient[0].bias.data(), layer.bias.size(), 0}};
        const double norm = gradient_norm(groups);
        optimizer->step(groups, rate, clip > 0 && norm > clip ? clip / norm : 1);
      }
      const std::vector<float> expected = numbers(head);
      const std::vector<float> actual = numbers(trained.state.head);
      for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(actual[i], expected[i], 1e-5) << i;
    }
  }
}

TEST(TrainHead, LearnsNothingFromAProjectionOfNoLength) {
  // All rows fill one batch, so the first step is against the sign of the summed gradient.
  Toy toy = balanced_toy(32);
  std::fill_n(toy.x.begin() + 5 * 22, 22, 0.0F);
  TrainerOptions options = quick_options();
  options.epochs = 1;
  const TrainingResult trained = train(toy.view(), options);

  const Head start = Head::seeded({toy.dims, 0, options.dimension}, options.seed);
  HeadPass pass;
  const std::vector<float>& u = pass.forward(*cpu_device(1), start, toy.x.data(), toy.rows);
  std::vector<float> du(u.size());
  supcon(u.data(), toy.labels.data(), {toy.rows, start.out()}, options.loss.temperature, 1, {du.data()});
  for (std::size_t o = 0; o < start.out(); ++o) {
    double sum = 0;
    for (std::size_t row = 0; row < toy.rows; ++row) sum += row == 5 ? 0 : du[row * start.out() + o];
    EXPECT_NEAR(trained.state.best.layers[0].bias[o], sum > 0 ? -0.02 : 0.02, 1e-6);
    EXPECT_GT(std::abs(du[5 * start.out() + o]), 1e6F);
  }
}

TEST(TrainHead, TakesTwoRowsOfOneClassAndOneOfTheOther) {
  Toy toy(18);
  toy.labels = {0, 1, 1};
  EXPECT_EQ(train(toy.view(3)).state.history.size(), 6U);
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
  TrainerOptions options = quick_options();
  options.learning_rate = 1e300;
  const TrainingResult first = train(toy.view(), options);
  EXPECT_EQ(first.end, TrainingEnd::diverged);
  EXPECT_EQ(first.failure->code(), ErrorCode::diverged);
  EXPECT_EQ(std::get<std::int64_t>(detail(*first.failure, "epoch")), 1);
  EXPECT_NE(first.failure->message().find("learningRate (1e+300)"), std::string::npos) << first.failure->message();
  EXPECT_EQ(first.state.best_epoch, 0);

  // The warm-up is mild, then the rate is reached.
  options.learning_rate = 3e38;
  options.weight_decay = 0;
  options.warm_up = 0;
  options.epochs = 2;
  TrainingHooks hooks;
  TrainerState good;
  hooks.on_epoch = [&](const TrainerState& state) { good = state; };
  options.learning_rate = 0.01;
  train(toy.view(), options, hooks);
  good.epochs = 1;
  good.history.pop_back();
  good.best_epoch = 1;
  good.steps /= 2;
  options.learning_rate = 1e300;
  const TrainingResult later = train(toy.view(), options, {}, &good);
  EXPECT_EQ(std::get<std::int64_t>(detail(*later.failure, "epoch")), 2);
  EXPECT_EQ(numbers(later.state.head), numbers(good.head));
  EXPECT_EQ(later.state.best_epoch, 1);
}

TEST(TrainHead, DivergesOnFeaturesThatPassFloatsRange) {
  Toy toy;
  for (float& value : toy.x) value *= 1e38F;
  TrainerOptions options = quick_options();
  options.learning_rate = 10;
  EXPECT_EQ(train(toy.view(), options).failure->code(), ErrorCode::diverged);
}

TEST(TrainHead, NeedsBothClasses) {
  Toy toy;
  std::vector<std::uint8_t> mask(toy.rows);
  for (std::size_t row = 0; row < toy.rows; ++row) mask[row] = toy.labels[row] == 0 ? 1 : 0;
  TrainingRows masked = toy.view();
  masked.validation = mask.data();
  EXPECT_EQ(refusal(masked).code(), ErrorCode::one_class);
  EXPECT_NE(refusal(masked).message().find("training rows are fake"), std::string::npos) << refusal(masked).message();
  mask.assign(toy.rows, 0);
  mask[0] = 1;
  EXPECT_NE(refusal(masked).message().find("validation rows are real"), std::string::npos) << refusal(masked).message();
  std::fill(toy.labels.begin(), toy.labels.end(), 0);
  EXPECT_EQ(refusal(toy.view()).code(), ErrorCode::one_class);
}

TEST(TrainHead, NeedsAPairOfOneClassOnEachSide) {
  Toy toy;
  toy.labels = {0, 0, 0, 1, 1, 1};
  const std::vector<std::uint8_t> mask = {0, 0, 1, 0, 0, 1};
  TrainingRows rows = toy.view(6);
  rows.validation = mask.data();
  const Error error = refusal(rows);
  EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
  EXPECT_NE(error.message().find("validation rows are one real and one fake"), std::string::npos) << error.message();
}

TEST(TrainHead, NamesTheLabelThatIsNeitherRealNorFake) {
  Toy toy;
  toy.labels[17] = 2;
  const Error error = refusal(toy.view());
  EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
  EXPECT_EQ(std::get<std::int64_t>(detail(error, "row")), 17);
  EXPECT_EQ(std::get<std::int64_t>(detail(error, "value")), 2);
}

TEST(TrainHead, NamesTheRowAndColumnThatIsNotFinite) {
  Toy toy;
  toy.x[31 * toy.dims + 4] = std::numeric_limits<float>::quiet_NaN();
  const Error error = refusal(toy.view());
  EXPECT_EQ(error.code(), ErrorCode::not_finite);
  EXPECT_EQ(std::get<std::int64_t>(detail(error, "row")), 31);
  EXPECT_EQ(std::get<std::int64_t>(detail(error, "column")), 4);
}

TEST(TrainHead, NamesTheOptionThatIsOutOfRange) {
  Toy toy;
  const double nan = std::nan("");
  const auto refuses = [&](const std::string& name, auto TrainerOptions::* field, auto value) {
    TrainerOptions options = quick_options();
    options.*field = value;
    const Error error = refusal(toy.view(), options);
    EXPECT_EQ(error.code(), ErrorCode::invalid_argument) << name;
    EXPECT_EQ(std::get<std::string>(detail(error, "argument")), name);
  };
  refuses("dim", &TrainerOptions::dimension, 0U);
  refuses("epochs", &TrainerOptions::epochs, 0);
  refuses("batch", &TrainerOptions::batch, 3U);
  refuses("framesPerVideo", &TrainerOptions::frames_per_video, 0U);
  refuses("patience", &TrainerOptions::patience, -1);
  for (const double value : {0.0, -1.0, nan}) refuses("learningRate", &TrainerOptions::learning_rate, value);
  for (const double value : {-1e-9, nan}) {
    refuses("weightDecay", &TrainerOptions::weight_decay, value);
    refuses("clipNorm", &TrainerOptions::clip_norm, value);
  }
  for (const double value : {-0.1, 1.0, nan}) {
    refuses("dropout", &TrainerOptions::dropout, value);
    refuses("momentum", &TrainerOptions::momentum, value);
    refuses("warmUp", &TrainerOptions::warm_up, value);
  }
  LossOptions loss;
  for (const double value : {0.0, -1.0, nan}) {
    loss.temperature = value;
    refuses("temperature", &TrainerOptions::loss, loss);
  }
  EXPECT_EQ(refusal(toy.view(0)).code(), ErrorCode::invalid_argument);
  toy.dims = 0;
  EXPECT_EQ(refusal(toy.view()).code(), ErrorCode::invalid_argument);
  EXPECT_EQ(error_of([] { cpu_device(0); }).code(), ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace unreel::contrast
