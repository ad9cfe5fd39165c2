#include "contrast/align_uniform.h"

#include <cmath>
#include <numeric>
#include <vector>

#include "contrast/anchor_terms.h"
#include "contrast/class_sizes.h"

namespace unreel::contrast {
namespace {

double sum(const std::vector<double>& values) { return std::accumulate(values.begin(), values.end(), 0.0); }

/// Every pair stands here twice, once from each end.
class AlignUniform {
 public:
  AlignUniform(const UnitRows& rows, const std::int32_t* labels, const LossOptions& options, int threads)
      : rows_(rows), labels_(labels), options_(options), terms_(rows, threads) {
    for (const std::size_t size : class_sizes(labels, rows.rows())) positives_ += static_cast<double>(size - 1);
    sum_pairs();
  }

  double loss() const {
    const double align = positives_ > 0 ? alignment_ / positives_ : 0;
    const double uniform = rows_.rows() > 1 ? std::log(exponentials_ / pairs()) : 0;
    return options_.align_weight * align + options_.uniform_weight * uniform;
  }

  void add_gradient(double* dz) const {
    const double t = options_.uniform_t;
    const double align = positives_ > 0 ? options_.align_weight * options_.align_alpha / 2 / positives_ : 0;
    const double uniform = rows_.rows() > 1 ? -options_.uniform_weight * t / exponentials_ : 0;
    const double power = options_.align_alpha / 2 - 1;
    terms_.add_symmetric_gradient(
        [&](std::size_t i, double* values) {
          for (std::size_t j = 0; j < rows_.rows(); ++j) {
            const double square = values[j];
            values[j] = uniform * std::exp(-t * square);
            if (labels_[j] != labels_[i] || square <= kSmallestDistance * kSmallestDistance) continue;
            values[j] += align * std::pow(square, power);
          }
        },
        dz);
  }

 private:
  double pairs() const { return static_cast<double>(rows_.rows()) * static_cast<double>(rows_.rows() - 1); }

  void sum_pairs() {
    std::vector<double> alignment(rows_.rows());
    std::vector<double> exponentials(rows_.rows());
    terms_.visit([&](std::size_t i, const double* squares) {
      for (std::size_t j = 0; j < rows_.rows(); ++j) {
        if (j == i) continue;
        exponentials[i] += std::exp(-options_.uniform_t * squares[j]);
        if (labels_[j] == labels_[i]) alignment[i] += std::pow(squares[j], options_.align_alpha / 2);
      }
    });
    alignment_ = sum(alignment);
    exponentials_ = sum(exponentials);
  }

  const UnitRows& rows_;
  const std::int32_t* labels_;
  const LossOptions& options_;
  AnchorTerms terms_;
  double positives_ = 0;
  double alignment_ = 0;
  double exponentials_ = 0;
};

}  // namespace

double align_uniform(const UnitRows& rows, const std::int32_t* labels, const LossOptions& options, int threads,
                     double* dz) {
  const AlignUniform pairs(rows, labels, options, threads);
  if (dz != nullptr) pairs.add_gradient(dz);
  return pairs.loss();
}

}  // namespace unreel::contrast
