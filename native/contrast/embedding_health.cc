#include "contrast/embedding_health.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace unreel::contrast {
namespace {

constexpr std::size_t kSample = 512;
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

double dot(const std::vector<double>& x, const std::vector<double>& y) {
  double sum = 0;
  for (std::size_t k = 0; k < x.size(); ++k) sum += x[k] * y[k];
  return sum;
}

double uniformity_of(const std::vector<float>& z, std::size_t dims) {
  const std::size_t rows = z.size() / dims;
  double sum = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      double square = 0;
      for (std::size_t k = 0; k < dims; ++k) {
        const double off = double{z[i * dims + k]} - z[j * dims + k];
        square += off * off;
      }
      sum += std::exp(-2 * square);
    }
  }
  return rows < 2 ? kNone : std::log(sum / (static_cast<double>(rows) * static_cast<double>(rows - 1) / 2));
}

/// The share of pairs of a real and a fake in which the fake has the higher score, ties counted half. items: score and
/// label.
double auc_of(std::vector<std::pair<double, std::int32_t>> items) {
  std::sort(items.begin(), items.end());
  double below = 0;
  double pairs = 0;
  double wins = 0;
  for (std::size_t i = 0; i < items.size();) {
    double reals = 0;
    double fakes = 0;
    const double score = items[i].first;
    for (; i < items.size() && items[i].first == score; ++i) (items[i].second == 1 ? fakes : reals) += 1;
    wins += fakes * (below + reals / 2);
    below += reals;
    pairs += fakes;
  }
  return pairs * below == 0 ? kNone : wins / (pairs * below);
}

}  // namespace

HealthProbe::HealthProbe(std::size_t rows, std::size_t dims, std::vector<double> direction)
    : rows_(rows), dims_(dims), direction_(std::move(direction)), sums_{std::vector<double>(dims), sums_[0]} {}

void HealthProbe::add(const float* z, const std::int32_t* labels, const std::uint32_t* videos, std::size_t count) {
  for (std::size_t row = 0; row < count; ++row, z += dims_) {
    const auto own = static_cast<std::size_t>(labels[row]);
    double score = 0;
    for (std::size_t k = 0; k < dims_; ++k) {
      sums_[own][k] += z[k];
      squares_[own] += double{z[k]} * z[k];
      score += direction_[k] * z[k];
    }
    ++counts_[own];
    scored_.push_back({videos[row], labels[row], score});
    // Row n is in the sample when its share of the way is the first in its part.
    const std::size_t wanted = std::min(kSample, rows_);
    if (seen_ * wanted / rows_ != (seen_ + 1) * wanted / rows_) sample_.insert(sample_.end(), z, z + dims_);
    ++seen_;
  }
}

EmbeddingHealth HealthProbe::result() const {
  const double real = counts_[0];
  const double fake = counts_[1];
  const double all = real + fake;
  const double across = dot(sums_[0], sums_[1]);
  const double within[2] = {dot(sums_[0], sums_[0]), dot(sums_[1], sums_[1])};
  EmbeddingHealth health;
  health.mean_cosine = (within[0] + within[1] + 2 * across - squares_[0] - squares_[1]) / (all * (all - 1));
  health.cross_cosine = across / (real * fake);
  const double pairs = (real * (real - 1) + fake * (fake - 1)) / 2;
  health.alignment = (real * squares_[0] - within[0] + fake * squares_[1] - within[1]) / pairs;
  health.uniformity = uniformity_of(sample_, dims_);

  std::vector<Scored> scored = scored_;
  std::stable_sort(scored.begin(), scored.end(), [](const Scored& a, const Scored& b) { return a.video < b.video; });
  std::vector<std::pair<double, std::int32_t>> videos;
  for (std::size_t i = 0; i < scored.size();) {
    const std::size_t first = i;
    double sum = 0;
    for (; i < scored.size() && scored[i].video == scored[first].video; ++i) sum += scored[i].score;
    videos.emplace_back(sum / static_cast<double>(i - first), scored[first].label);
  }
  health.auc = auc_of(std::move(videos));
  return health;
}

}  // namespace unreel::contrast
