#include "contrast/trainer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "contrast/adamw.h"
#include "contrast/head_gradient.h"
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
  std::vector<std::int32_t> labels, groups;
  std::vector<std::uint8_t> validation;

  explicit Toy(std::size_t row_count = 240) : rows(row_count) {
    Random random(41);
    for (std::size_t row = 0; row < rows; ++row) {
      groups.push_back(static_cast<std::int32_t>(row / 6));
      labels.push_back(groups.back() % 3 == 0 ? 0 : 1);
      for (std::size_t k = 0; k < dims; ++k) {
        const double noise = 2 * random.uniform() - 1;
        const double sign = labels.back() == 1 ? 1 : -1;
        x.push_back(static_cast<float>(k < 2 ? 0.6 * sign + 0.4 * noise : noise));
      }
    }
  }

  /// All rows train.
  TrainingRows view() const { return {x.data(), labels.data(), nullptr, rows, dims}; }

  /// Every fifth group chooses the epoch.
  TrainingRows view_with_validation() {
    validation.assign(rows, 0);
    for (std::size_t row = 0; row < rows; ++row) validation[row] = groups[row] % 5 == 0 ? 1 : 0;
    return {x.data(), labels.data(), validation.data(), rows, dims};
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
  options.threads = 2;
  return options;
}

TrainedHead train(const TrainingRows& rows, const TrainerOptions& options = quick_options()) {
  return train_head(rows, options, {}, CancelToken());
}

Error refusal(const TrainingRows& rows, const TrainerOptions& options = quick_options()) {
  return error_of([&] { train(rows, options); });
}

/// Mean cosine of two rows of one label, less that of two rows of different labels.
double separation(const LinearHead& head, const Toy& toy) {
  std::vector<float> z(toy.rows * head.out);
  project(head, toy.x.data(), toy.rows, 1, z.data());
  double sums[2] = {};
  double pairs[2] = {};
  for (std::size_t i = 0; i < toy.rows; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const int same = toy.labels[i] == toy.labels[j] ? 1 : 0;
      for (std::size_t k = 0; k < head.out; ++k) sums[same] += double{z[i * head.out + k]} * z[j * head.out + k];
      ++pairs[same];
    }
  }
  return sums[1] / pairs[1] - sums[0] / pairs[0];
}

TEST(TrainHead, PullsTheClassesApart) {
  Toy toy;
  TrainerOptions options = quick_options();
  options.epochs = 20;
  const TrainedHead trained = train(toy.view_with_validation(), options);
  EXPECT_LT(separation(LinearHead::seeded(toy.dims, options.dimension, options.seed), toy), 0.3);
  EXPECT_GT(separation(trained.head, toy), 1.2);
  EXPECT_LT(trained.history.back().validation_loss, trained.history.front().validation_loss);
  EXPECT_LT(trained.history.back().loss, trained.history.front().loss);
}

TEST(TrainHead, HasTheSameBytesForAnyThreadCount) {
  Toy toy;
  const TrainingRows rows = toy.view_with_validation();
  TrainerOptions options = quick_options();
  options.batch = 80;
  options.threads = 1;
  const TrainedHead single = train(rows, options);
  options.threads = 3;
  const TrainedHead threaded = train(rows, options);
  EXPECT_EQ(threaded.head.weight, single.head.weight);
  EXPECT_EQ(threaded.head.bias, single.head.bias);
  ASSERT_EQ(threaded.history.size(), single.history.size());
  for (std::size_t i = 0; i < single.history.size(); ++i) {
    EXPECT_EQ(threaded.history[i].loss, single.history[i].loss);
    EXPECT_EQ(threaded.history[i].validation_loss, single.history[i].validation_loss);
    EXPECT_EQ(threaded.history[i].mean_cosine, single.history[i].mean_cosine);
  }
}

TEST(TrainHead, DependsOnTheSeed) {
  const Toy toy;
  TrainerOptions options = quick_options();
  const TrainedHead first = train(toy.view(), options);
  EXPECT_EQ(train(toy.view(), options).head.weight, first.head.weight);
  options.seed = 2;
  EXPECT_NE(train(toy.view(), options).head.weight, first.head.weight);
}

TEST(TrainHead, ReportsEachEpochOnceInOrderAndKeepsTheBest) {
  Toy toy;
  for (const bool validated : {true, false}) {
    const TrainingRows rows = validated ? toy.view_with_validation() : toy.view();
    TrainerOptions options = quick_options();
    // So coarse that the last epoch need not be the best.
    options.learning_rate = 3;
    std::vector<EpochReport> reports;
    const TrainedHead trained =
        train_head(rows, options, [&](const EpochReport& report) { reports.push_back(report); }, CancelToken());
    ASSERT_EQ(reports.size(), 6U);
    ASSERT_EQ(trained.history.size(), 6U);
    for (int i = 0; i < 6; ++i) {
      EXPECT_EQ(reports[i].epoch, i + 1);
      EXPECT_EQ(trained.history[i].loss, reports[i].loss);
      EXPECT_EQ(std::isnan(reports[i].validation_loss), !validated);
      EXPECT_GE(reports[i].mean_cosine, -1);
      EXPECT_LE(reports[i].mean_cosine, 1);
    }
    const auto merit = [&](const EpochReport& report) { return validated ? report.validation_loss : report.loss; };
    const auto best = std::min_element(reports.begin(), reports.end(),
                                       [&](const auto& a, const auto& b) { return merit(a) < merit(b); });
    EXPECT_EQ(trained.best_epoch, best->epoch);
  }
}

TEST(TrainHead, GivesTheHeadOfTheBestEpoch) {
  const Toy toy;
  TrainerOptions options = quick_options();
  options.learning_rate = 3;
  const TrainedHead trained = train(toy.view(), options);
  // The reports tell the head: mean_cosine is that of the best epoch's projections.
  std::vector<float> z(toy.rows * options.dimension);
  project(trained.head, toy.x.data(), toy.rows, 1, z.data());
  double sum = 0;
  for (std::size_t i = 0; i < toy.rows; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      for (std::size_t k = 0; k < options.dimension; ++k) {
        sum += double{z[i * options.dimension + k]} * z[j * options.dimension + k];
      }
    }
  }
  const double pairs = static_cast<double>(toy.rows * (toy.rows - 1)) / 2;
  EXPECT_NEAR(trained.history[trained.best_epoch - 1].mean_cosine, sum / pairs, 1e-6);
}

TEST(TrainHead, NeverTrainsOnRowsOfTheMask) {
  Toy toy;
  std::vector<std::uint8_t> mask(toy.rows);
  for (std::size_t row = 0; row < toy.rows; ++row) mask[row] = toy.groups[row] % 4 == 0 ? 1 : 0;
  TrainingRows rows = toy.view();
  rows.validation = mask.data();
  TrainerOptions options = quick_options();
  options.epochs = 1;
  const TrainedHead before = train(rows, options);
  for (std::size_t row = 0; row < toy.rows; ++row) {
    for (std::size_t k = 0; mask[row] != 0 && k < toy.dims; ++k)
      toy.x[row * toy.dims + k] *= -2.5F * static_cast<float>(k);
  }
  const TrainedHead after = train(rows, options);
  EXPECT_EQ(after.head.weight, before.head.weight);
  EXPECT_EQ(after.history[0].loss, before.history[0].loss);
  EXPECT_NE(after.history[0].validation_loss, before.history[0].validation_loss);
}

TEST(TrainHead, AMaskWithoutValidationRowsIsAsNoMask) {
  const Toy toy;
  const std::vector<std::uint8_t> mask(toy.rows, 0);
  TrainerOptions options = quick_options();
  TrainingRows rows = toy.view();
  rows.validation = mask.data();
  const TrainedHead masked = train(rows, options);
  EXPECT_TRUE(std::isnan(masked.history[0].validation_loss));
  EXPECT_EQ(train(toy.view(), options).head.weight, masked.head.weight);
}

TEST(TrainHead, DecaysWeightsAlongACosine) {
  // Zero rows have no gradient, so the decay alone moves the weights: 8 rows in two batches are two steps.
  const std::vector<float> x(8 * 3, 0.0F);
  const std::vector<std::int32_t> labels = {0, 1, 0, 1, 0, 1, 0, 1};
  TrainerOptions options = quick_options();
  options.epochs = 1;
  options.batch = 4;
  options.learning_rate = 0.5;
  options.weight_decay = 0.4;
  const TrainedHead trained = train({x.data(), labels.data(), nullptr, 8, 3}, options);
  const LinearHead start = LinearHead::seeded(3, options.dimension, options.seed);
  const double factor = (1 - 0.5 * 0.4) * (1 - 0.25 * 0.4);
  for (std::size_t i = 0; i < start.weight.size(); ++i) {
    EXPECT_NEAR(trained.head.weight[i], factor * start.weight[i], 1e-7);
  }
  EXPECT_EQ(trained.head.bias, std::vector<float>(options.dimension, 0.0F));
}

TEST(TrainHead, TakesTheseTwoSteps) {
  // All rows fill one batch, whose order is the only thing that this loop does not know.
  const Toy toy = balanced_toy(32);
  TrainerOptions options = quick_options();
  options.epochs = 2;
  options.weight_decay = 4;
  const TrainedHead trained = train(toy.view(), options);
  ASSERT_EQ(trained.best_epoch, 2);

  LinearHead head = LinearHead::seeded(toy.dims, options.dimension, options.seed);
  AdamW weights(head.weight.size(), options.weight_decay);
  AdamW biases(head.bias.size(), 0);
  for (const double rate : {options.learning_rate, options.learning_rate / 2}) {
    std::vector<float> u(toy.rows * head.out);
    std::vector<float> du(u.size());
    HeadGradient gradient;
    transform(head, toy.x.data(), toy.rows, 1, u.data());
    supcon(u.data(), toy.labels.data(), {toy.rows, head.out}, options.temperature, 1, {du.data()});
    backpropagate(head, toy.x.data(), du.data(), toy.rows, 1, gradient);
    weights.step(head.weight.data(), gradient.weight.data(), rate);
    biases.step(head.bias.data(), gradient.bias.data(), rate);
  }
  for (std::size_t i = 0; i < head.weight.size(); ++i) EXPECT_NEAR(trained.head.weight[i], head.weight[i], 1e-5) << i;
  for (std::size_t i = 0; i < head.bias.size(); ++i) EXPECT_NEAR(trained.head.bias[i], head.bias[i], 1e-5) << i;
}

TEST(TrainHead, LearnsNothingFromAProjectionOfNoLength) {
  // All rows fill one batch, so the first step is against the sign of the summed gradient.
  Toy toy = balanced_toy(32);
  std::fill_n(toy.x.begin() + 5 * 22, 22, 0.0F);
  TrainerOptions options = quick_options();
  options.epochs = 1;
  const TrainedHead trained = train(toy.view(), options);

  const LinearHead start = LinearHead::seeded(toy.dims, options.dimension, options.seed);
  std::vector<float> u(toy.rows * start.out);
  std::vector<float> du(u.size());
  transform(start, toy.x.data(), toy.rows, 1, u.data());
  supcon(u.data(), toy.labels.data(), {toy.rows, start.out}, options.temperature, 1, {du.data()});
  for (std::size_t o = 0; o < start.out; ++o) {
    double sum = 0;
    for (std::size_t row = 0; row < toy.rows; ++row) sum += row == 5 ? 0 : du[row * start.out + o];
    EXPECT_NEAR(trained.head.bias[o], sum > 0 ? -0.02 : 0.02, 1e-6);
    EXPECT_GT(std::abs(du[5 * start.out + o]), 1e6F);
  }
}

TEST(TrainHead, TakesTwoRowsOfOneClassAndOneOfTheOther) {
  const Toy toy(18);
  TrainingRows rows = toy.view();
  TrainerOptions options = quick_options();
  const std::vector<std::int32_t> labels = {0, 1, 1};
  rows.labels = labels.data();
  rows.rows = 3;
  EXPECT_EQ(train(rows, options).history.size(), 6U);
}

TEST(TrainHead, StopsWhenItIsCancelled) {
  const Toy toy;
  const CancelToken cancel;
  int epochs = 0;
  const Error error = error_of([&] {
    train_head(
        toy.view(), quick_options(),
        [&](const EpochReport& report) {
          ++epochs;
          if (report.epoch == 2) cancel.cancel();
        },
        cancel);
  });
  EXPECT_EQ(error.code(), ErrorCode::aborted);
  EXPECT_EQ(epochs, 2);
  EXPECT_EQ(error_of([&] { train_head(toy.view(), quick_options(), {}, cancel); }).code(), ErrorCode::aborted);
}

TEST(TrainHead, SaysInWhichEpochItDiverged) {
  const Toy toy;
  TrainerOptions options = quick_options();
  options.learning_rate = 1e300;
  const Error error = refusal(toy.view(), options);
  EXPECT_EQ(error.code(), ErrorCode::diverged);
  EXPECT_EQ(std::get<std::int64_t>(detail(error, "epoch")), 1);
  EXPECT_NE(error.message().find("learningRate (1e+300)"), std::string::npos) << error.message();
}

TEST(TrainHead, DivergesOnFeaturesThatPassFloatsRange) {
  Toy toy;
  for (float& value : toy.x) value *= 1e38F;
  TrainerOptions options = quick_options();
  options.learning_rate = 10;
  EXPECT_EQ(refusal(toy.view(), options).code(), ErrorCode::diverged);
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
  const Toy toy;
  const std::vector<std::int32_t> labels = {0, 0, 0, 1, 1, 1};
  const std::vector<std::uint8_t> mask = {0, 0, 1, 0, 0, 1};
  TrainingRows rows = toy.view();
  rows.labels = labels.data();
  rows.validation = mask.data();
  rows.rows = 6;
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
  const Toy toy;
  const double nan = std::nan("");
  const auto refuses = [&](const std::string& name, auto TrainerOptions::* field, auto value) {
    TrainerOptions options = quick_options();
    options.*field = value;
    const Error error = refusal(toy.view(), options);
    EXPECT_EQ(error.code(), ErrorCode::invalid_argument) << name;
    EXPECT_EQ(std::get<std::string>(detail(error, "argument")), name);
  };
  refuses("dimension", &TrainerOptions::dimension, 0U);
  refuses("epochs", &TrainerOptions::epochs, 0);
  refuses("batch", &TrainerOptions::batch, 3U);
  refuses("threads", &TrainerOptions::threads, 0);
  for (const double value : {0.0, -1.0, nan}) {
    refuses("temperature", &TrainerOptions::temperature, value);
    refuses("learningRate", &TrainerOptions::learning_rate, value);
  }
  for (const double value : {-1e-9, nan}) refuses("weightDecay", &TrainerOptions::weight_decay, value);
  EXPECT_EQ(refusal({toy.x.data(), toy.labels.data(), nullptr, 0, toy.dims}).code(), ErrorCode::invalid_argument);
  EXPECT_EQ(refusal({toy.x.data(), toy.labels.data(), nullptr, toy.rows, 0}).code(), ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace unreel::contrast
