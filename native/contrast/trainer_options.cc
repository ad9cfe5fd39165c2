#include "contrast/trainer_options.h"

#include <cmath>
#include <string>

#include "contrast/arguments.h"

namespace unreel::contrast {
namespace {

void require(bool holds, const std::string& name, const std::string& demand, double value) {
  if (!holds) throw bad_argument(name, demand, value);
}

}  // namespace

void require_options(const TrainerOptions& options) {
  const auto share = [](double value) { return value >= 0 && value < 1; };
  const auto positive = [](double value) { return value > 0 && std::isfinite(value); };
  const auto not_negative = [](double value) { return value >= 0 && std::isfinite(value); };
  require(options.dimension >= 1, "dim", "at least 1", static_cast<double>(options.dimension));
  require(share(options.dropout), "dropout", "at least 0 and below 1", options.dropout);
  require(options.epochs >= 1, "epochs", "at least 1", options.epochs);
  require(options.batch >= 4, "batch", "at least 4, two rows of each class", static_cast<double>(options.batch));
  require(options.frames_per_video >= 1, "framesPerVideo", "at least 1", static_cast<double>(options.frames_per_video));
  require(share(options.momentum), "momentum", "at least 0 and below 1", options.momentum);
  require(positive(options.learning_rate), "learningRate", "a finite number above 0", options.learning_rate);
  require(share(options.warm_up), "warmUp", "at least 0 and below 1", options.warm_up);
  require(not_negative(options.weight_decay), "weightDecay", "a finite number of at least 0", options.weight_decay);
  require(not_negative(options.clip_norm), "clipNorm", "a finite number of at least 0", options.clip_norm);
  require(options.patience >= 0, "patience", "at least 0", options.patience);
}

}  // namespace unreel::contrast
