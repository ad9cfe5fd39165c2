#include "contrast/trainer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>
#include <string>
#include <utility>

#include "base/check.h"
#include "contrast/arguments.h"
#include "contrast/class_batches.h"
#include "contrast/head_pass.h"
#include "contrast/optimizer.h"
#include "contrast/training_parts.h"
#include "contrast/unit_row.h"

namespace unreel::contrast {
namespace {

/// Rows that are gathered and projected at once outside the batches: bounds the memory, not the result.
constexpr std::size_t kProjectedRows = 1024;
/// Rows that an epoch's health is read from, and those that say where reals and fakes lie.
constexpr std::size_t kWatchedRows = 65536;
constexpr std::size_t kCentreRows = 4096;
/// CLIP clips its scale there (Radford et al. 2021, section 2.5): "to prevent training instability".
constexpr double kLargestScale = 100;
constexpr double kCollapsed = 0.99;

/// Ends an epoch whose numbers left float's range.
struct Diverged {};

void stay_finite(const float* values, std::size_t count) {
  if (!all_finite(values, count)) throw Diverged();
}

/// Ends an epoch that brought all rows to one point.
struct Collapsed {
  EpochReport report;
};

/// Ends an epoch that TrainingHooks::stop cut short.
struct StopRequested {};

/// Rows of a batch side by side. Reused from batch to batch.
struct BatchRows {
  std::vector<float> x;
  std::vector<std::int32_t> labels;
  std::vector<std::uint32_t> videos;

  void gather(const TrainingRows& rows, const std::size_t* list, std::size_t count) {
    x.resize(count * rows.x->dims());
    rows.x->gather(list, count, x.data());
    labels.resize(count);
    videos.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
      labels[i] = rows.labels[list[i]];
      videos[i] = rows.videos != nullptr ? rows.videos[list[i]] : static_cast<std::uint32_t>(list[i]);
    }
  }
};

bool same_shape(const Head& one, const Head& other) {
  return std::equal(one.layers.begin(), one.layers.end(), other.layers.begin(), other.layers.end(),
                    [](const LinearLayer& a, const LinearLayer& b) {
                      return a.in == b.in && a.out == b.out && a.weight.size() == b.weight.size() &&
                             a.bias.size() == b.bias.size();
                    });
}

/// A state of other rows or options. `fresh`: one of these.
void require_fitting(const TrainerState& state, const TrainerState& fresh) {
  UNREEL_CHECK(same_shape(state.head, fresh.head) && state.classifier.size() == fresh.classifier.size());
  UNREEL_CHECK(state.epochs >= 1 && state.history.size() == static_cast<std::size_t>(state.epochs));
  UNREEL_CHECK(state.best_epoch >= 1 && state.best_epoch <= state.epochs && same_shape(state.best, fresh.head));
}

/// What the best epoch is chosen by; less is better.
double merit(const EpochReport& report) {
  return std::isnan(report.validation_loss) ? report.loss : report.validation_loss;
}

/// One training: the parameters, their optimiser and the rows of both parts.
class Training {
 public:
  Training(const Device& device, const TrainingRows& rows, const TrainerOptions& options, const TrainingHooks& hooks,
           const TrainerState* from)
      : device_(device),
        rows_(rows),
        options_(options),
        hooks_(hooks),
        parts_(rows),
        watched_(evenly(parts_.validation.empty() ? parts_.training : parts_.validation, kWatchedRows)),
        centre_rows_(evenly(parts_.training, kCentreRows)),
        batches_(drawn_from(parts_.training)),
        state_(fresh_state()) {
    if (!parts_.validation.empty()) {
      validation_ = drawn_from(parts_.validation).next_epoch();
    }
    const std::vector<ParameterGroup> groups = parameters();
    const std::size_t count = std::accumulate(groups.begin(), groups.end(), std::size_t{0},
                                              [](std::size_t sum, const auto& group) { return sum + group.count; });
    optimizer_ = options.optimizer == OptimizerKind::sgd ? sgd(count, options.momentum) : adamw(count);
    if (from != nullptr) go_on_from(*from);
  }

  const TrainerState& state() const { return state_; }

  /// Trains and judges one epoch. Throws Diverged, Collapsed, StopRequested; the state is then as it was before the
  /// epoch.
  void run_epoch() {
    const TrainerState before = state_;
    try {
      EpochReport report;
      report.epoch = state_.epochs + 1;
      report.loss = train();
      report.validation_loss = validate();
      report.health = health();
      report.learning_rate = learning_rate(state_.steps - 1);
      report.temperature = temperature();
      if (report.health.cross_cosine > kCollapsed) throw Collapsed{report};
      finish_epoch(report);
    } catch (...) {
      state_ = before;
      throw;
    }
  }

  bool has_stalled() const {
    return options_.patience > 0 && !validation_.empty() && state_.epochs - state_.best_epoch >= options_.patience;
  }

 private:
  ClassBatches drawn_from(const RowList& part) const {
    return ClassBatches({rows_.labels, rows_.videos, rows_.groups}, part, {options_.batch, options_.frames_per_video},
                        options_.seed);
  }

  TrainerState fresh_state() const {
    TrainerState state;
    state.head = Head::seeded({rows_.x->dims(), options_.hidden, options_.dimension}, options_.seed);
    // A classifier of zeros is undecided; its first step is the direction between the classes.
    if (options_.loss.term != LossTerm::none) state.classifier.assign(options_.dimension + 1, 0);
    state.log_scale = static_cast<float>(std::log(1 / options_.loss.temperature));
    return state;
  }

  void go_on_from(const TrainerState& state) {
    require_fitting(state, state_);
    state_ = state;
    optimizer_->set_state(state.optimizer);
    // The batches of an epoch follow from those before it.
    for (int epoch = 0; epoch < state_.epochs; ++epoch) batches_.next_epoch();
  }

  double train() {
    double sum = 0;
    for (const RowList& batch : batches_.next_epoch()) {
      hooks_.cancel.throw_if_cancelled();
      if (hooks_.stop.cancelled()) throw StopRequested();
      batch_.gather(rows_, batch.data(), batch.size());
      Random random(options_.seed + 0x9e3779b97f4a7c15ULL * (state_.steps + 1));
      const std::vector<float>& u =
          pass_.forward(device_, state_.head, batch_.x.data(), batch.size(), options_.dropout, random);
      du_.resize(u.size());
      const bool term = !state_.classifier.empty();
      sum += loss(u, {du_.data(), options_.learn_temperature ? &scale_gradient_ : nullptr,
                      term ? classifier_gradient_.data() : nullptr});
      step(u);
    }
    return sum / static_cast<double>(batches_.count());
  }

  double validate() {
    if (validation_.empty()) return std::numeric_limits<double>::quiet_NaN();
    double sum = 0;
    for (const RowList& batch : validation_) {
      hooks_.cancel.throw_if_cancelled();
      batch_.gather(rows_, batch.data(), batch.size());
      sum += loss(pass_.forward(device_, state_.head, batch_.x.data(), batch.size()), {});
    }
    return sum / static_cast<double>(validation_.size());
  }

  /// Of the batch that was gathered last.
  double loss(const std::vector<float>& u, const LossGradient& gradient) {
    stay_finite(u.data(), u.size());
    LossOptions options = options_.loss;
    options.temperature = temperature();
    const LossBatch batch{u.data(),
                          batch_.labels.data(),
                          {batch_.labels.size(), state_.head.out()},
                          state_.classifier.empty() ? nullptr : state_.classifier.data()};
    const double value = device_.loss(batch, options, gradient);
    if (!std::isfinite(value)) throw Diverged();
    return value;
  }

  double temperature() const {
    return options_.learn_temperature ? std::exp(-double{state_.log_scale}) : options_.loss.temperature;
  }

  void step(const std::vector<float>& u) {
    silence_zero_rows(u);
    pass_.backward(device_, state_.head, du_.data(), gradient_);
    log_scale_gradient_ = static_cast<float>(scale_gradient_ / temperature());
    const std::vector<ParameterGroup> groups = parameters();
    const double norm = options_.clip_norm > 0 ? gradient_norm(groups) : 0;
    const double scale = norm > options_.clip_norm ? options_.clip_norm / norm : 1;
    optimizer_->step(groups, learning_rate(state_.steps), scale);
    state_.log_scale = std::min(state_.log_scale, static_cast<float>(std::log(kLargestScale)));
    ++state_.steps;
    // Before the next loss, which would take them for the caller's mistake.
    for (const ParameterGroup& group : groups) stay_finite(group.values, group.count);
    if (!std::isfinite(temperature())) throw Diverged();
  }

  /// A projection without length has no direction to turn. Its exact gradient, 1e12 times that of its neighbours, would
  /// stay in AdamW's second moment and stop the head for a thousand steps.
  void silence_zero_rows(const std::vector<float>& u) {
    const std::size_t dims = state_.head.out();
    for (std::size_t row = 0; row < batch_.labels.size(); ++row) {
      if (clamped_norm(u.data() + row * dims, dims) > kSmallestNorm) continue;
      std::fill_n(du_.begin() + static_cast<std::ptrdiff_t>(row * dims), dims, 0.0F);
    }
  }

  /// What the optimiser moves, in an order that a saved state relies on.
  std::vector<ParameterGroup> parameters() {
    std::vector<ParameterGroup> groups;
    gradient_.resize(state_.head.layers.size());
    for (std::size_t l = 0; l < state_.head.layers.size(); ++l) {
      LinearLayer& layer = state_.head.layers[l];
      groups.push_back({layer.weight.data(), gradient_[l].weight.data(), layer.weight.size(), options_.weight_decay});
      groups.push_back({layer.bias.data(), gradient_[l].bias.data(), layer.bias.size(), 0});
    }
    if (!state_.classifier.empty()) {
      const std::size_t weights = state_.classifier.size() - 1;
      classifier_gradient_.resize(weights + 1);
      groups.push_back({state_.classifier.data(), classifier_gradient_.data(), weights, options_.weight_decay});
      groups.push_back({state_.classifier.data() + weights, classifier_gradient_.data() + weights, 1, 0});
    }
    if (options_.learn_temperature) groups.push_back({&state_.log_scale, &log_scale_gradient_, 1, 0});
    return groups;
  }

  /// Linear warm-up, then cosine decay without restarts (Loshchilov and Hutter, SGDR, ICLR 2017, eq. 5): the given rate
  /// at its first step, 0 after the last.
  double learning_rate(std::size_t step) const {
    constexpr double kPi = 3.14159265358979323846;
    const double total = static_cast<double>(batches_.count()) * options_.epochs;
    const double warm = std::floor(options_.warm_up * total);
    const auto at = static_cast<double>(step);
    if (at < warm) return options_.learning_rate * (at + 1) / (warm + 1);
    return options_.learning_rate / 2 * (1 + std::cos(kPi * (at - warm) / (total - warm)));
  }

  /// Calls take(z, rows) for the list, part by part; z: unit rows. batch_ holds the part.
  template <class Take>
  void project_each(const RowList& list, const Take& take) {
    const std::size_t dims = state_.head.out();
    for (std::size_t begin = 0; begin < list.size(); begin += kProjectedRows) {
      hooks_.cancel.throw_if_cancelled();
      const std::size_t count = std::min(kProjectedRows, list.size() - begin);
      batch_.gather(rows_, list.data() + begin, count);
      std::vector<float>& u = pass_.forward(device_, state_.head, batch_.x.data(), count);
      stay_finite(u.data(), u.size());
      for (std::size_t r = 0; r < count; ++r) {
        float* const row = u.data() + r * dims;
        const double norm = clamped_norm(row, dims);
        for (std::size_t k = 0; k < dims; ++k) row[k] = static_cast<float>(row[k] / norm);
      }
      take(u.data(), count);
    }
  }

  /// From the mean of the training reals' projections to that of the fakes'.
  std::vector<double> direction() {
    const std::size_t dims = state_.head.out();
    std::vector<double> sums[2] = {std::vector<double>(dims), std::vector<double>(dims)};
    double counts[2] = {};
    project_each(centre_rows_, [&](const float* z, std::size_t count) {
      for (std::size_t r = 0; r < count; ++r) {
        const auto own = static_cast<std::size_t>(batch_.labels[r]);
        ++counts[own];
        for (std::size_t k = 0; k < dims; ++k) sums[own][k] += z[r * dims + k];
      }
    });
    for (std::size_t k = 0; k < dims; ++k) {
      sums[1][k] = sums[1][k] / std::max(counts[1], 1.0) - sums[0][k] / std::max(counts[0], 1.0);
    }
    return std::move(sums[1]);
  }

  EmbeddingHealth health() {
    HealthProbe probe(watched_.size(), state_.head.out(), direction());
    project_each(watched_, [&](const float* z, std::size_t count) {
      probe.add(z, batch_.labels.data(), batch_.videos.data(), count);
    });
    return probe.result();
  }

  void finish_epoch(const EpochReport& report) {
    if (state_.best_epoch == 0 || merit(report) < merit(state_.history[state_.best_epoch - 1])) {
      state_.best = state_.head;
      state_.best_epoch = report.epoch;
    }
    state_.history.push_back(report);
    state_.epochs = report.epoch;
    state_.optimizer = optimizer_->state();
  }

  const Device& device_;
  const TrainingRows& rows_;
  const TrainerOptions& options_;
  const TrainingHooks& hooks_;
  const TrainingParts parts_;
  const RowList watched_;
  const RowList centre_rows_;
  ClassBatches batches_;
  std::vector<RowList> validation_;
  TrainerState state_;
  std::unique_ptr<Optimizer> optimizer_;
  BatchRows batch_;
  HeadPass pass_;
  std::vector<float> du_;
  std::vector<LayerGradient> gradient_;
  std::vector<float> classifier_gradient_;
  double scale_gradient_ = 0;     ///< dL/d(1 / temperature)
  float log_scale_gradient_ = 0;  ///< dL/d log(1 / temperature)
};

Error diverged(int epoch, const TrainerOptions& options) {
  return Error(ErrorCode::diverged, "Training diverged in epoch " + std::to_string(epoch) +
                                        ": numbers became NaN or infinite. Lower learningRate (" +
                                        text_of(options.learning_rate) + ") or weightDecay (" +
                                        text_of(options.weight_decay) + "), set clipNorm, or scale the features.")
      .with("epoch", std::int64_t{epoch});
}

Error collapsed(const EpochReport& report, const TrainerOptions& options) {
  return Error(ErrorCode::collapsed,
               "The head collapsed in epoch " + std::to_string(report.epoch) +
                   ": a real and a fake row have a mean cosine of " + text_of(report.health.cross_cosine) +
                   ". Lower learningRate (" + text_of(options.learning_rate) + ") or weightDecay (" +
                   text_of(options.weight_decay) +
                   "), raise batch, take another loss, or give features that tell real from fake.")
      .with("epoch", std::int64_t{report.epoch})
      .with("meanCosine", report.health.mean_cosine)
      .with("crossCosine", report.health.cross_cosine);
}

}  // namespace

TrainingResult train_head(const Device& device, const TrainingRows& rows, const TrainerOptions& options,
                          const TrainingHooks& hooks, const TrainerState* from) {
  require_options(options);
  hooks.cancel.throw_if_cancelled();
  Training training(device, rows, options, hooks, from);
  TrainingResult result;
  try {
    // A state to go on from may be one that ends here.
    while (training.state().epochs < options.epochs && !training.has_stalled()) {
      training.run_epoch();
      if (hooks.on_epoch) hooks.on_epoch(training.state());
    }
    if (training.has_stalled()) result.end = TrainingEnd::early;
  } catch (const Collapsed& end) {
    result.end = TrainingEnd::collapsed;
    result.failure = collapsed(end.report, options);
  } catch (const Diverged&) {
    result.end = TrainingEnd::diverged;
    result.failure = diverged(training.state().epochs + 1, options);
  } catch (const StopRequested&) {
    if (training.state().epochs == 0) throw Error(ErrorCode::aborted, "The training was stopped in its first epoch.");
    result.end = TrainingEnd::stopped;
  }
  result.state = training.state();
  return result;
}

}  // namespace unreel::contrast
