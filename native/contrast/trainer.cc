#include "contrast/trainer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "base/error.h"
#include "contrast/adamw.h"
#include "contrast/arguments.h"
#include "contrast/class_batches.h"
#include "contrast/head_gradient.h"
#include "contrast/supcon.h"
#include "contrast/unit_row.h"

namespace unreel::contrast {
namespace {

using RowList = std::vector<std::size_t>;

/// Rows that are copied and projected at once outside the batches: bounds the memory, not the result.
constexpr std::size_t kProjectedRows = 1024;

void require(bool holds, const std::string& name, const std::string& demand, double value) {
  if (!holds) throw bad_argument(name, demand, value);
}

void require_options(const TrainerOptions& options) {
  require_temperature(options.temperature);
  require(options.dimension >= 1, "dimension", "at least 1", static_cast<double>(options.dimension));
  require(options.epochs >= 1, "epochs", "at least 1", options.epochs);
  require(options.batch >= 4, "batch", "at least 4, two rows of each class", static_cast<double>(options.batch));
  require(options.learning_rate > 0 && std::isfinite(options.learning_rate), "learningRate", "a finite number above 0",
          options.learning_rate);
  require(options.weight_decay >= 0 && std::isfinite(options.weight_decay), "weightDecay",
          "a finite number of at least 0", options.weight_decay);
  require(options.threads >= 1, "threads", "at least 1", options.threads);
}

void require_labels(const TrainingRows& rows) {
  for (std::size_t row = 0; row < rows.rows; ++row) {
    const std::int32_t label = rows.labels[row];
    if (label == 0 || label == 1) continue;
    throw Error(ErrorCode::invalid_argument, "The label of row " + std::to_string(row) + " is " +
                                                 std::to_string(label) + "; labels are 1 (fake) and 0 (real).")
        .with("row", static_cast<std::int64_t>(row))
        .with("value", std::int64_t{label});
  }
}

/// Both classes, and two rows of one of them, without which no row has a positive. `which` names the rows in messages.
void require_pairs(const std::int32_t* labels, const RowList& rows, const std::string& which) {
  const auto fakes = static_cast<std::size_t>(
      std::count_if(rows.begin(), rows.end(), [labels](std::size_t row) { return labels[row] == 1; }));
  if (fakes == 0 || fakes == rows.size()) {
    throw Error(ErrorCode::one_class, "All " + std::to_string(rows.size()) + " " + which + " are " +
                                          (fakes == 0 ? "real" : "fake") + "; both classes are needed.")
        .with("rows", static_cast<std::int64_t>(rows.size()));
  }
  if (rows.size() > 2) return;
  throw Error(ErrorCode::invalid_argument, "The " + which +
                                               " are one real and one fake: the contrastive loss compares rows of one "
                                               "class, so give at least two rows of a class.")
      .with("rows", static_cast<std::int64_t>(rows.size()));
}

/// Row indices of the two parts, ascending.
struct Parts {
  RowList training;
  RowList validation;
};

Parts parts_of(const TrainingRows& rows) {
  Parts parts;
  for (std::size_t row = 0; row < rows.rows; ++row) {
    const bool chooses = rows.validation != nullptr && rows.validation[row] != 0;
    (chooses ? parts.validation : parts.training).push_back(row);
  }
  require_pairs(rows.labels, parts.training, "training rows");
  if (!parts.validation.empty()) require_pairs(rows.labels, parts.validation, "validation rows");
  return parts;
}

/// Rows of a batch side by side, and their way through the head. Reused from batch to batch.
struct BatchRows {
  std::vector<float> x;
  std::vector<float> u;
  std::vector<float> du;
  std::vector<std::int32_t> labels;

  void gather(const TrainingRows& rows, const std::size_t* begin, const std::size_t* end) {
    x.clear();
    labels.clear();
    for (const std::size_t* row = begin; row != end; ++row) {
      x.insert(x.end(), rows.x + *row * rows.dims, rows.x + (*row + 1) * rows.dims);
      labels.push_back(rows.labels[*row]);
    }
  }
};

bool all_finite(const std::vector<float>& values) {
  return std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); });
}

/// One training: the head, its optimiser and the rows of both parts.
class Training {
 public:
  Training(const TrainingRows& rows, const TrainerOptions& options, const Parts& parts)
      : rows_(rows),
        options_(options),
        watched_(parts.validation.empty() ? parts.training : parts.validation),
        batches_(rows.labels, parts.training, options.batch, options.seed),
        head_(LinearHead::seeded(rows.dims, options.dimension, options.seed)),
        weight_optimizer_(head_.weight.size(), options.weight_decay),
        bias_optimizer_(head_.bias.size(), 0) {
    if (!parts.validation.empty()) {
      validation_ = ClassBatches(rows.labels, parts.validation, options.batch, options.seed).next_epoch();
    }
  }

  const LinearHead& head() const { return head_; }

  EpochReport run_epoch(int epoch, const CancelToken& cancel) {
    EpochReport report;
    report.epoch = epoch;
    report.loss = train(epoch, cancel);
    report.validation_loss = validate(epoch, cancel);
    report.mean_cosine = mean_cosine();
    return report;
  }

 private:
  double train(int epoch, const CancelToken& cancel) {
    double sum = 0;
    for (const RowList& batch : batches_.next_epoch()) {
      cancel.throw_if_cancelled();
      transform_batch(epoch, batch);
      batch_.du.resize(batch_.u.size());
      sum += loss(epoch, batch_.du.data());
      step();
    }
    if (!all_finite(head_.weight) || !all_finite(head_.bias)) throw_diverged(epoch);
    return sum / static_cast<double>(batches_.count());
  }

  double validate(int epoch, const CancelToken& cancel) {
    if (validation_.empty()) return std::numeric_limits<double>::quiet_NaN();
    double sum = 0;
    for (const RowList& batch : validation_) {
      cancel.throw_if_cancelled();
      transform_batch(epoch, batch);
      sum += loss(epoch, nullptr);
    }
    return sum / static_cast<double>(validation_.size());
  }

  void transform_batch(int epoch, const RowList& batch) {
    batch_.gather(rows_, batch.data(), batch.data() + batch.size());
    batch_.u.resize(batch.size() * head_.out);
    transform(head_, batch_.x.data(), batch.size(), options_.threads, batch_.u.data());
    if (!all_finite(batch_.u)) throw_diverged(epoch);
  }

  /// Of the batch that was transformed last. gradient: its rows x head.out, or null.
  double loss(int epoch, float* gradient) {
    const LossShape shape{batch_.labels.size(), head_.out};
    const double value =
        supcon(batch_.u.data(), batch_.labels.data(), shape, options_.temperature, options_.threads, {gradient});
    if (!std::isfinite(value)) throw_diverged(epoch);
    return value;
  }

  void step() {
    silence_zero_rows();
    backpropagate(head_, batch_.x.data(), batch_.du.data(), batch_.labels.size(), options_.threads, gradient_);
    const double rate = learning_rate();
    weight_optimizer_.step(head_.weight.data(), gradient_.weight.data(), rate);
    bias_optimizer_.step(head_.bias.data(), gradient_.bias.data(), rate);
    ++steps_;
  }

  /// A projection without length has no direction to turn. Its exact gradient, 1e12 times that of its neighbours, would
  /// stay in AdamW's second moment and stop the head for a thousand steps.
  void silence_zero_rows() {
    for (std::size_t row = 0; row < batch_.labels.size(); ++row) {
      if (clamped_norm(batch_.u.data() + row * head_.out, head_.out) > kSmallestNorm) continue;
      std::fill_n(batch_.du.begin() + static_cast<std::ptrdiff_t>(row * head_.out), head_.out, 0.0F);
    }
  }

  /// Cosine decay without restarts (Loshchilov and Hutter, SGDR, ICLR 2017, eq. 5): the given rate at the first step, 0
  /// after the last.
  double learning_rate() const {
    constexpr double kPi = 3.14159265358979323846;
    const double total = static_cast<double>(batches_.count()) * options_.epochs;
    return options_.learning_rate / 2 * (1 + std::cos(kPi * static_cast<double>(steps_) / total));
  }

  /// (|sum of z|^2 - sum of |z|^2) / (n (n - 1)): all pairs without looking at pairs.
  double mean_cosine() {
    std::vector<double> sum(head_.out);
    double squares = 0;
    for (std::size_t begin = 0; begin < watched_.size(); begin += kProjectedRows) {
      const std::size_t end = std::min(begin + kProjectedRows, watched_.size());
      batch_.gather(rows_, watched_.data() + begin, watched_.data() + end);
      batch_.u.resize((end - begin) * head_.out);
      project(head_, batch_.x.data(), end - begin, options_.threads, batch_.u.data());
      for (std::size_t i = 0; i < batch_.u.size(); ++i) {
        const double z = batch_.u[i];
        sum[i % head_.out] += z;
        squares += z * z;
      }
    }
    double square = 0;
    for (const double each : sum) square += each * each;
    const auto n = static_cast<double>(watched_.size());
    return (square - squares) / (n * (n - 1));
  }

  [[noreturn]] void throw_diverged(int epoch) const {
    throw Error(ErrorCode::diverged, "Training diverged in epoch " + std::to_string(epoch) +
                                         ": numbers became NaN or infinite. Lower learningRate (" +
                                         text_of(options_.learning_rate) + ") or weightDecay (" +
                                         text_of(options_.weight_decay) + "), or scale the features.")
        .with("epoch", std::int64_t{epoch});
  }

  const TrainingRows& rows_;
  const TrainerOptions& options_;
  const RowList watched_;  ///< rows that mean_cosine() looks at
  ClassBatches batches_;
  std::vector<RowList> validation_;
  LinearHead head_;
  HeadGradient gradient_;
  AdamW weight_optimizer_;
  AdamW bias_optimizer_;
  std::size_t steps_ = 0;
  BatchRows batch_;
};

/// What the best epoch is chosen by; less is better.
double merit(const EpochReport& report) {
  return std::isnan(report.validation_loss) ? report.loss : report.validation_loss;
}

}  // namespace

TrainedHead train_head(const TrainingRows& rows, const TrainerOptions& options,
                       const std::function<void(const EpochReport&)>& on_epoch, const CancelToken& cancel) {
  require_options(options);
  require(rows.rows >= 1, "rows", "at least 1", 0);
  require(rows.dims >= 1, "dims", "at least 1", 0);
  require_labels(rows);
  const Parts parts = parts_of(rows);
  require_finite(rows.x, rows.rows, rows.dims, "The feature");
  cancel.throw_if_cancelled();

  Training training(rows, options, parts);
  TrainedHead trained;
  for (int epoch = 1; epoch <= options.epochs; ++epoch) {
    const EpochReport report = training.run_epoch(epoch, cancel);
    if (trained.history.empty() || merit(report) < merit(trained.history[trained.best_epoch - 1])) {
      trained.head = training.head();
      trained.best_epoch = epoch;
    }
    trained.history.push_back(report);
    if (on_epoch) on_epoch(report);
  }
  return trained;
}

}  // namespace unreel::contrast
