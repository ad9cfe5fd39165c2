// What a training refuses.
#include "contrast/trainer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <variant>
#include <vector>

#include "data.h"
#include "trainer_toy.h"

namespace unreel::contrast {
namespace {

using test::detail;
using test::error_of;
using test::quick_options;
using test::Toy;
using test::train;

Error refusal(const TrainingRows& rows, const TrainerOptions& options = quick_options()) {
  return error_of([&] { train(rows, options); });
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

TEST(TrainHead, RefusesAStateOfOtherSizes) {
  Toy toy;
  TrainerOptions options = quick_options();
  options.hidden = 5;
  options.loss.term = LossTerm::hinge;
  options.epochs = 2;
  const TrainerState whole = train(toy.view(), options).state;
  options.epochs = 3;
  EXPECT_EQ(train(toy.view(), options, {}, &whole).state.epochs, 3);
  const auto refuses = [&](const std::string& what, auto change) {
    TrainerState state = whole;
    change(state);
    EXPECT_EQ(error_of([&] { train(toy.view(), options, {}, &state); }).code(), ErrorCode::internal) << what;
  };
  refuses("no layer", [](TrainerState& state) { state.head.layers.clear(); });
  refuses("a longer row", [](TrainerState& state) { state.head.layers[0].in = 23; });
  refuses("a short weight", [](TrainerState& state) { state.head.layers[1].weight.pop_back(); });
  refuses("a short bias", [](TrainerState& state) { state.head.layers[1].bias.pop_back(); });
  refuses("another best head", [](TrainerState& state) { state.best.layers.pop_back(); });
  refuses("a short classifier", [](TrainerState& state) { state.classifier.pop_back(); });
  refuses("a short optimiser", [](TrainerState& state) { state.optimizer.pop_back(); });
  refuses("a short history", [](TrainerState& state) { state.history.pop_back(); });
  refuses("no epoch", [](TrainerState& state) { state.epochs = 0, state.history.clear(); });
  refuses("no best epoch", [](TrainerState& state) { state.best_epoch = 0; });
  refuses("a best epoch to come", [](TrainerState& state) { state.best_epoch = 3; });
}

}  // namespace
}  // namespace unreel::contrast
