#include "contrast/supcon_precise.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "base/thread.h"
#include "contrast/label_classes.h"
#include "contrast/panels.h"
#include "contrast/supcon_tiled.h"
#include "contrast/unit_rows.h"

namespace unreel::contrast {
namespace {

/// Rows and columns of the tile of cosines that lives at a time, per thread.
constexpr std::size_t kTile = 32;
static_assert(kTile % Panels::kWidth == 0, "a tile ends where a panel ends");

/// The denominator of a row's softmax: sum over a of exp((cos_ia - shift) / temperature).
struct Denominator {
  double shift = 1;
  double sum = 0;
};

class PreciseSupcon {
 public:
  PreciseSupcon(const float* embeddings, LabelClasses classes, LossShape shape, double temperature, int threads)
      : shape_(shape),
        inverse_(1 / temperature),
        threads_(threads),
        rows_(embeddings, shape),
        panels_(rows_.z(0), shape.rows, shape.dims),
        classes_(std::move(classes)),
        shared_shift_(2 * inverse_ <= kLargestSharedSpread) {
    classes_.add_rows(rows_.z(0), shape.dims, 0, shape.dims);
    sum_denominators();
  }

  double loss() const {
    double sum = 0;
    for (std::size_t i = 0; i < shape_.rows; ++i) {
      if (classes_.weight(i) > 0) sum += classes_.weight(i) * anchor_loss(i);
    }
    return sum;
  }

  void backward(const LossGradient& gradient) const {
    std::vector<double> radials(shape_.rows);
    std::vector<double> rates(shape_.rows);
    for (std::size_t i = 0; i < shape_.rows; ++i) {
      if (classes_.weight(i) > 0) rates[i] = classes_.weight(i) / denominators_[i].sum;
    }
    for_each_row_tile([&](std::size_t first, std::size_t count) {
      std::vector<double> pulls(count * shape_.dims);
      for_each_tile(first, count, [&](std::size_t column, std::size_t columns, double* cosines) {
        for (std::size_t r = 0; r < count; ++r) {
          double* const own = cosines + r * kTile;
          to_coefficients(first + r, column, columns, rates, own);
          add_weighted_rows(own, column, columns, pulls.data() + r * shape_.dims);
        }
      });
      for (std::size_t r = 0; r < count; ++r) {
        radials[first + r] = finish_row(first + r, pulls.data() + r * shape_.dims, gradient.embeddings);
      }
    });
    if (gradient.temperature == nullptr) return;
    // Of sum of w_i (sum over a of p_ia cos_ia - mean positive cosine) the first part is half of z_i . [A Z]_i, summed.
    double sum = 0;
    for (std::size_t i = 0; i < shape_.rows; ++i) {
      sum += radials[i] / 2;
      if (classes_.weight(i) > 0) sum -= classes_.weight(i) * mean_positive(i);
    }
    *gradient.temperature = sum;
  }

 private:
  const double* z(std::size_t row) const { return rows_.z(row); }

  /// Calls body(first row, rows) for each tile of rows, from several threads; tiles do not depend on their number.
  template <class Body>
  void for_each_row_tile(const Body& body) const {
    parallel_for((shape_.rows + kTile - 1) / kTile, threads_, [&](std::size_t begin, std::size_t end) {
      for (std::size_t tile = begin; tile < end; ++tile) {
        body(tile * kTile, std::min(kTile, shape_.rows - tile * kTile));
      }
    });
  }

  /// Calls body(first column, columns, cosines) from left to right; cosines: count x kTile, where a row meets itself
  /// -infinity, so that its exponential is 0 for every temperature.
  template <class Body>
  void for_each_tile(std::size_t first, std::size_t count, const Body& body) const {
    double cosines[kTile * kTile];
    for (std::size_t column = 0; column < shape_.rows; column += kTile) {
      const std::size_t columns = std::min(kTile, shape_.rows - column);
      multiply(z(first), count, panels_, column, Panels::padded(columns), kTile, cosines);
      if (column == first) {
        for (std::size_t r = 0; r < count; ++r) cosines[r * kTile + r] = -std::numeric_limits<double>::infinity();
      }
      body(column, columns, cosines);
    }
  }

  void sum_denominators() {
    denominators_.assign(shape_.rows, {shared_shift_ ? 1 : -std::numeric_limits<double>::infinity(), 0});
    for_each_row_tile([&](std::size_t first, std::size_t count) {
      for_each_tile(first, count, [&](std::size_t, std::size_t columns, const double* cosines) {
        for (std::size_t r = 0; r < count; ++r) add(cosines + r * kTile, columns, denominators_[first + r]);
      });
    });
  }

  /// Adds a tile's row. Unless the shift is shared it follows the greatest cosine so far (the online softmax).
  void add(const double* cosines, std::size_t columns, Denominator& denominator) const {
    if (!shared_shift_) {
      const double greatest = *std::max_element(cosines, cosines + columns);
      if (greatest > denominator.shift) {
        denominator.sum *= std::exp((denominator.shift - greatest) * inverse_);
        denominator.shift = greatest;
      }
    }
    for (std::size_t c = 0; c < columns; ++c) {
      denominator.sum += std::exp((cosines[c] - denominator.shift) * inverse_);
    }
  }

  /// log sum over a of exp(s_ia) - mean over p of s_ip. The difference of cosines comes first: each of the two terms
  /// alone may be as great as 1 / temperature.
  double anchor_loss(std::size_t i) const {
    return (denominators_[i].shift - mean_positive(i)) * inverse_ + std::log(denominators_[i].sum);
  }

  /// Mean cosine of an anchor with its positives.
  double mean_positive(std::size_t i) const {
    const LabelClass& own = classes_.of(i);
    double sum = 0;
    for (std::size_t k = 0; k < shape_.dims; ++k) sum += z(i)[k] * (own.sum[k] - z(i)[k]);
    return sum / static_cast<double>(own.positives());
  }

  /// cosines -> A_ij = w_i p_ij + w_j p_ji, what row j weighs in temperature x dL/dz_i through both denominators.
  void to_coefficients(std::size_t i, std::size_t column, std::size_t columns, const std::vector<double>& rates,
                       double* values) const {
    for (std::size_t c = 0; c < columns; ++c) {
      const std::size_t j = column + c;
      const double own = std::exp((values[c] - denominators_[i].shift) * inverse_);
      const double other = shared_shift_ ? own : std::exp((values[c] - denominators_[j].shift) * inverse_);
      values[c] = own * rates[i] + other * rates[j];
    }
  }

  void add_weighted_rows(const double* coefficients, std::size_t column, std::size_t columns, double* sum) const {
    for (std::size_t c = 0; c < columns; ++c) {
      const double* const row = z(column + c);
      for (std::size_t k = 0; k < shape_.dims; ++k) sum[k] += coefficients[c] * row[k];
    }
  }

  /// pull = [A Z]_i -> temperature x dL/dz_i, to which the positives' part is added, and from there dL/du_i. gradients:
  /// rows x dims, or null. Returns z_i . [A Z]_i.
  double finish_row(std::size_t i, double* pull, float* gradients) const {
    const LabelClass& own = classes_.of(i);
    // Twice: as an anchor towards its positives and as a positive of each of them.
    const double share = own.rows > 1 ? 2 * classes_.weight(i) / static_cast<double>(own.positives()) : 0;
    double through = 0;
    for (std::size_t k = 0; k < shape_.dims; ++k) {
      through += pull[k] * z(i)[k];
      pull[k] = (pull[k] - share * (own.sum[k] - z(i)[k])) * inverse_;
    }
    if (gradients == nullptr) return through;
    float* const out = gradients + i * shape_.dims;
    std::fill_n(out, shape_.dims, 0.0F);
    rows_.add_row_gradient(i, pull, out);
    return through;
  }

  const LossShape shape_;
  const double inverse_;
  const int threads_;
  const UnitRows rows_;
  const Panels panels_;
  LabelClasses classes_;
  const bool shared_shift_;
  std::vector<Denominator> denominators_;
};

}  // namespace

double supcon_precise(const float* embeddings, const LabelClasses& classes, LossShape shape, double temperature,
                      int threads, const LossGradient& gradient) {
  const PreciseSupcon batch(embeddings, classes, shape, temperature, threads);
  if (gradient.embeddings != nullptr || gradient.temperature != nullptr) batch.backward(gradient);
  return batch.loss();
}

}  // namespace unreel::contrast
