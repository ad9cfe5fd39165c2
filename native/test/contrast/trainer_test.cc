#include "contrast/trainer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "contrast/head_pass.h"
#include "contrast/optimizer.h"
#include "trainer_toy.h"

namespace unreel::contrast {
namespace {

using test::balanced_toy;
using test::numbers;
using test::quick_options;
using test::Toy;
using test::train;

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

/// What three steps make of a linear head, a classifier and the temperature, one epoch each.
TrainerState three_steps(Toy& toy, const TrainerOptions& options) {
  const auto device = cpu_device(1);
  TrainerState state;
  state.head = Head::seeded({toy.dims, 0, options.dimension}, options.seed);
  state.log_scale = static_cast<float>(std::log(1 / options.loss.temperature));
  const bool has_term = options.loss.term != LossTerm::none;
  if (has_term) state.classifier.assign(options.dimension + 1, 0);
  LinearLayer& layer = state.head.layers[0];
  const std::size_t count = layer.weight.size() + layer.bias.size() + state.classifier.size() + 1;
  const auto optimizer = options.optimizer == OptimizerKind::sgd ? sgd(count, 0.9) : adamw(count);
  for (const double share : {1.0, 0.75, 0.25}) {
    HeadPass pass;
    const std::vector<float>& u = pass.forward(*device, state.head, toy.x.data(), toy.rows);
    std::vector<float> du(u.size());
    std::vector<float> by_classifier(options.dimension + 1);
    double by_scale = 0;
    LossOptions loss = options.loss;
    loss.temperature = 1 / std::exp(state.log_scale);
    device->loss(
        {u.data(), toy.labels.data(), {toy.rows, options.dimension}, state.classifier.data()}, loss,
        {du.data(), options.learn_temperature ? &by_scale : nullptr, has_term ? by_classifier.data() : nullptr});
    std::vector<LayerGradient> gradient;
    pass.backward(*device, state.head, du.data(), gradient);
    const auto by_log_scale = static_cast<float>(by_scale / loss.temperature);
    std::vector<ParameterGroup> groups = {
        {layer.weight.data(), gradient[0].weight.data(), layer.weight.size(), options.weight_decay},
        {layer.bias.data(), gradient[0].bias.data(), layer.bias.size(), 0},
        {&state.log_scale, &by_log_scale, 1, 0}};
    if (has_term) {
      groups.push_back({state.classifier.data(), by_classifier.data(), options.dimension, options.weight_decay});
      groups.push_back({&state.classifier.back(), &by_classifier.back(), 1, 0});
    }
    const double norm = gradient_norm(groups);
    optimizer->step(groups, share * options.learning_rate,
                    options.clip_norm > 0 && norm > options.clip_norm ? options.clip_norm / norm : 1);
  }
  return state;
}

TEST(TrainHead, TakesTheseThreeSteps) {
  // All rows fill one batch, whose order is the only thing that three_steps() does not know.
  Toy toy = balanced_toy(32);
  const auto expect_near = [](const std::vector<float>& actual, const std::vector<float>& expected) {
    ASSERT_EQ(actual.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(actual[i], expected[i], 1e-5) << i;
  };
  for (const bool rich : {false, true}) {
    for (const double clip : {0.0, 0.01}) {
      for (const OptimizerKind kind : {OptimizerKind::adamw, OptimizerKind::sgd}) {
        TrainerOptions options = quick_options();
        options.epochs = 3;
        options.weight_decay = 4;
        options.clip_norm = clip;
        options.optimizer = kind;
        options.learn_temperature = rich;
        if (rich) options.loss.term = LossTerm::cross_entropy;
        const TrainerState trained = train(toy.view(), options).state;
        const TrainerState expected = three_steps(toy, options);
        expect_near(numbers(trained.head), numbers(expected.head));
        expect_near(trained.classifier, expected.classifier);
        EXPECT_NEAR(trained.log_scale, expected.log_scale, 1e-5);
      }
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
  cpu_device(1)->loss({u.data(), toy.labels.data(), {toy.rows, start.out()}}, options.loss, {du.data()});
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

}  // namespace
}  // namespace unreel::contrast
