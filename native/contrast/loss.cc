#include "contrast/loss.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "base/error.h"
#include "contrast/align_uniform.h"
#include "contrast/arguments.h"
#include "contrast/classification_term.h"
#include "contrast/margin.h"
#include "contrast/single_centre.h"
#include "contrast/supcon.h"
#include "contrast/triplet.h"
#include "contrast/unit_rows.h"

namespace unreel::contrast {
namespace {

void require_between(double value, double least, double greatest, const std::string& name) {
  if (value >= least && value <= greatest) return;
  throw bad_argument(name, "a number from " + text_of(least) + " to " + text_of(greatest), value);
}

void require_weight(double value, const std::string& name) {
  if (value >= 0 && std::isfinite(value)) return;
  throw bad_argument(name, "a finite number of at least 0", value);
}

void require_base_temperature(const LossOptions& options) {
  if (options.base_temperature == 0) return;
  const double factor = options.temperature / options.base_temperature;
  if (options.base_temperature > 0 && factor > 0 && std::isfinite(factor)) return;
  throw bad_argument("baseTemperature", "0 or a finite number above 0", options.base_temperature);
}

double margin_of(const LossOptions& options) { return options.margin.value_or(default_margin(options.kind)); }

void require_margin(const LossOptions& options) {
  const double margin = margin_of(options);
  if (margin > 0 && margin <= 2) return;
  throw bad_argument("margin", "a distance of unit vectors, above 0 and at most 2", margin);
}

void require_uniform_t(double t) {
  if (t > 0 && t <= 100) return;
  throw bad_argument("uniformT", "above 0 and at most 100", t);
}

void require_options(const LossOptions& options) {
  switch (options.kind) {
    case LossKind::supcon:
      require_temperature(options.temperature);
      require_base_temperature(options);
      break;
    case LossKind::align_uniform:
      require_between(options.align_alpha, 1, 8, "alignAlpha");
      require_weight(options.align_weight, "alignWeight");
      require_weight(options.uniform_weight, "uniformWeight");
      require_uniform_t(options.uniform_t);
      break;
    case LossKind::triplet:
    case LossKind::margin:
    case LossKind::single_centre:
      require_margin(options);
      break;
  }
  require_weight(options.term_weight, "termWeight");
}

void require_binary(const std::int32_t* labels, std::size_t rows) {
  const std::int32_t* const end = labels + rows;
  const std::int32_t* const bad =
      std::find_if(labels, end, [](std::int32_t label) { return label != 0 && label != 1; });
  if (bad == end) return;
  throw Error(ErrorCode::invalid_argument, "The label of row " + std::to_string(bad - labels) + " is " +
                                               std::to_string(*bad) +
                                               "; with this loss, or with a term, labels are 1 (fake) and 0 (real).")
      .with("row", static_cast<std::int64_t>(bad - labels))
      .with("value", std::int64_t{*bad});
}

template <class T>
void require_classifier(const BasicLossBatch<T>& batch) {
  if (batch.classifier == nullptr) {
    throw Error(ErrorCode::invalid_argument, "A term needs a classifier: dims weights, then the bias.")
        .with("argument", "classifier");
  }
  require_finite(batch.classifier, 1, batch.shape.dims + 1, "The classifier");
}

template <class T>
void require(const BasicLossBatch<T>& batch, const LossOptions& options) {
  require_options(options);
  require_embeddings(batch.embeddings, batch.shape.rows, batch.shape.dims);
  const bool has_term = options.term != LossTerm::none;
  if (has_term || options.kind == LossKind::single_centre) require_binary(batch.labels, batch.shape.rows);
  if (has_term) require_classifier(batch);
}

template <class T>
T cut(double value) {
  constexpr double kMax = std::numeric_limits<T>::max();
  return static_cast<T>(std::clamp(value, -kMax, kMax));
}

double plain_supcon(const LossBatch& batch, double temperature, int threads, const LossGradient& gradient,
                    LossWorkspace& workspace) {
  return supcon(batch.embeddings, batch.labels, batch.shape, temperature, threads, gradient, workspace);
}

double plain_supcon(const BasicLossBatch<double>& batch, double temperature, int,
                    const BasicLossGradient<double>& gradient, LossWorkspace&) {
  return supcon_reference(batch.embeddings, batch.labels, batch.shape, temperature, gradient.embeddings);
}

/// With the factor temperature / base_temperature, which itself moves with the temperature.
template <class T>
double scaled_supcon(const BasicLossBatch<T>& batch, const LossOptions& options, int threads,
                     const BasicLossGradient<T>& gradient, LossWorkspace& workspace) {
  const double loss = plain_supcon(batch, options.temperature, threads, gradient, workspace);
  if (options.base_temperature == 0) return loss;
  const double factor = options.temperature / options.base_temperature;
  if (gradient.embeddings != nullptr) {
    T* const end = gradient.embeddings + batch.shape.rows * batch.shape.dims;
    std::transform(gradient.embeddings, end, gradient.embeddings, [factor](T value) { return cut<T>(factor * value); });
  }
  if (gradient.temperature != nullptr) {
    *gradient.temperature = factor * (*gradient.temperature - options.temperature * loss);
  }
  return factor * loss;
}

/// Of the kinds that work on unit rows in double: all but supcon.
double loss_of(const UnitRows& rows, const std::int32_t* labels, const LossOptions& options, int threads, double* dz) {
  switch (options.kind) {
    case LossKind::supcon:
      return 0;
    case LossKind::align_uniform:
      return align_uniform(rows, labels, options, threads, dz);
    case LossKind::triplet:
      return triplet(rows, labels, options.mining, margin_of(options), threads, dz);
    case LossKind::margin:
      return margin_loss(rows, labels, margin_of(options), threads, dz);
    case LossKind::single_centre:
      return single_centre(rows, labels, margin_of(options), dz);
  }
  return 0;
}

template <class T>
double term_of(const UnitRows& rows, const BasicLossBatch<T>& batch, const LossOptions& options, double* dz,
               T* by_classifier) {
  const std::vector<double> classifier(batch.classifier, batch.classifier + rows.dims() + 1);
  std::vector<double> gradient(by_classifier != nullptr ? classifier.size() : 0);
  const TermGradient goal{dz, by_classifier != nullptr ? gradient.data() : nullptr};
  const double loss =
      classification_term(rows, batch.labels, classifier.data(), options.term, options.term_weight, goal);
  std::transform(gradient.begin(), gradient.end(), by_classifier, cut<T>);
  return loss;
}

/// What depends on unit rows in double, added to `gradient.embeddings`.
template <class T>
double add_unit_losses(const BasicLossBatch<T>& batch, const LossOptions& options, int threads,
                       const BasicLossGradient<T>& gradient) {
  const UnitRows rows(batch.embeddings, batch.shape);
  std::vector<double> dz(gradient.embeddings != nullptr ? batch.shape.rows * batch.shape.dims : 0);
  double* const pulls = gradient.embeddings != nullptr ? dz.data() : nullptr;
  double loss = loss_of(rows, batch.labels, options, threads, pulls);
  if (options.term != LossTerm::none) loss += term_of(rows, batch, options, pulls, gradient.classifier);
  if (gradient.embeddings != nullptr) rows.add_gradient(dz.data(), gradient.embeddings);
  return loss;
}

template <class T>
void clear(const BasicLossGradient<T>& gradient, LossShape shape) {
  if (gradient.embeddings != nullptr) std::fill_n(gradient.embeddings, shape.rows * shape.dims, T{0});
  if (gradient.temperature != nullptr) *gradient.temperature = 0;
}

template <class T>
double loss_and_gradient(const BasicLossBatch<T>& batch, const LossOptions& options, int threads,
                         const BasicLossGradient<T>& gradient, LossWorkspace& workspace) {
  require(batch, options);
  if (gradient.classifier != nullptr) std::fill_n(gradient.classifier, batch.shape.dims + 1, T{0});
  const bool is_supcon = options.kind == LossKind::supcon;
  double loss = 0;
  if (is_supcon) {
    loss = scaled_supcon(batch, options, threads, gradient, workspace);
  } else {
    clear(gradient, batch.shape);
  }
  if (!is_supcon || options.term != LossTerm::none) loss += add_unit_losses(batch, options, threads, gradient);
  return loss;
}

}  // namespace

double contrastive_loss(const LossBatch& batch, const LossOptions& options, int threads, const LossGradient& gradient,
                        LossWorkspace& workspace) {
  return loss_and_gradient(batch, options, threads, gradient, workspace);
}

double contrastive_loss_reference(const BasicLossBatch<double>& batch, const LossOptions& options, int threads,
                                  const BasicLossGradient<double>& gradient) {
  LossWorkspace unused;
  return loss_and_gradient(batch, options, threads, gradient, unused);
}

}  // namespace unreel::contrast
