#include "contrast/classification_term.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "contrast/class_sizes.h"

namespace unreel::contrast {
namespace {

/// A value and its derivative.
struct Rated {
  double value = 0;
  double rate = 0;
};

/// log(1 + exp(-x)), safe for every x.
Rated cross_entropy(double x) {
  const double small = std::exp(-std::abs(x));
  return {std::max(-x, 0.0) + std::log1p(small), -(x > 0 ? small : 1) / (1 + small)};
}

Rated hinge(double x) { return x < 1 ? Rated{1 - x, -1} : Rated{}; }

}  // namespace

double classification_term(const UnitRows& rows, const std::int32_t* labels, const double* classifier, LossTerm term,
                           double weight, const TermGradient& gradient) {
  const std::size_t dims = rows.dims();
  const std::vector<std::size_t> sizes = class_sizes(labels, rows.rows());
  if (gradient.classifier != nullptr) std::fill_n(gradient.classifier, dims + 1, 0.0);
  double loss = 0;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const double classes = sizes[i] == rows.rows() ? 1 : 2;
    const double share = weight / classes / static_cast<double>(sizes[i]);
    const double y = labels[i] == 1 ? 1 : -1;
    const double score = std::inner_product(rows.z(i), rows.z(i) + dims, classifier, 0.0) + classifier[dims];
    const auto [value, rate] = term == LossTerm::hinge ? hinge(y * score) : cross_entropy(y * score);
    loss += share * value;
    const double by_score = share * rate * y;
    for (std::size_t k = 0; k < dims; ++k) {
      if (gradient.dz != nullptr) gradient.dz[i * dims + k] += by_score * classifier[k];
      if (gradient.classifier != nullptr) gradient.classifier[k] += by_score * rows.z(i)[k];
    }
    if (gradient.classifier != nullptr) gradient.classifier[dims] += by_score;
  }
  return loss;
}

}  // namespace unreel::contrast
