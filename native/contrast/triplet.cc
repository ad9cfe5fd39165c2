#include "contrast/triplet.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "contrast/anchor_terms.h"
#include "contrast/class_sizes.h"

namespace unreel::contrast {
namespace {

/// A row and its distance to the anchor.
struct Other {
  double distance = 0;
  std::size_t row = 0;
};

/// An anchor's other rows by what they are to it.
struct Others {
  std::vector<Other> positives;
  std::vector<Other> negatives;

  Others(const std::int32_t* labels, std::size_t rows, std::size_t anchor, const double* squares) {
    for (std::size_t j = 0; j < rows; ++j) {
      if (j == anchor) continue;
      (labels[j] == labels[anchor] ? positives : negatives).push_back({std::sqrt(squares[j]), j});
    }
  }

  bool empty() const { return positives.empty() || negatives.empty(); }
};

bool nearer(const Other& a, const Other& b) { return a.distance < b.distance; }

/// Takes a derivative by a distance to one by its square.
double by_square(double derivative, double distance) {
  return distance > kSmallestDistance ? derivative / (2 * distance) : 0;
}

/// Shares a derivative by the distance among the rows that are exactly as far.
void share(double derivative, double distance, const std::vector<Other>& others, double* derivatives) {
  const auto as_far = [distance](const Other& other) { return other.distance == distance; };
  const auto count = static_cast<double>(std::count_if(others.begin(), others.end(), as_far));
  for (const Other& other : others) {
    if (as_far(other)) derivatives[other.row] = by_square(derivative / count, distance);
  }
}

/// The anchor's hinge; its derivatives times `weight`, where derivatives are 0 before.
double hardest(const Others& others, double margin, double weight, double* derivatives) {
  const double far = std::max_element(others.positives.begin(), others.positives.end(), nearer)->distance;
  const double near = std::min_element(others.negatives.begin(), others.negatives.end(), nearer)->distance;
  const double hinge = far + margin - near;
  if (hinge <= 0) return 0;
  share(weight, far, others.positives, derivatives);
  share(-weight, near, others.negatives, derivatives);
  return hinge;
}

/// The sum of the anchor's hinges; its derivatives times `weight`, where derivatives are 0 before. With both lists
/// sorted the negatives that a positive pushes are a prefix, which grows from positive to positive.
double all(Others& others, double margin, double weight, double* derivatives) {
  auto& [positives, negatives] = others;
  std::sort(positives.begin(), positives.end(), nearer);
  std::sort(negatives.begin(), negatives.end(), nearer);
  double sum = 0;
  double near_sum = 0;
  std::size_t pushed = 0;
  for (std::size_t p = 0; p < positives.size(); ++p) {
    const double limit = positives[p].distance + margin;
    for (; pushed < negatives.size() && negatives[pushed].distance < limit; ++pushed) {
      const Other& negative = negatives[pushed];
      // This positive and all that are farther push it.
      const auto pushers = static_cast<double>(positives.size() - p);
      derivatives[negative.row] = by_square(-weight * pushers, negative.distance);
      near_sum += negative.distance;
    }
    const auto count = static_cast<double>(pushed);
    derivatives[positives[p].row] = by_square(weight * count, positives[p].distance);
    sum += count * limit - near_sum;
  }
  return sum;
}

/// Anchors, or triplets, that the mean is over.
double count_terms(const std::int32_t* labels, std::size_t rows, TripletMining mining) {
  double count = 0;
  for (const std::size_t size : class_sizes(labels, rows)) {
    const double triplets = static_cast<double>(size - 1) * static_cast<double>(rows - size);
    count += mining == TripletMining::all ? triplets : std::min(triplets, 1.0);
  }
  return count;
}

}  // namespace

double triplet(const UnitRows& rows, const std::int32_t* labels, TripletMining mining, double margin, int threads,
               double* dz) {
  const double count = count_terms(labels, rows.rows(), mining);
  if (count == 0) return 0;
  std::vector<double> losses(rows.rows());
  const AnchorTerm term = [&](std::size_t i, double* values) {
    Others others(labels, rows.rows(), i, values);
    std::fill_n(values, rows.rows(), 0.0);
    if (others.empty()) return;
    losses[i] = mining == TripletMining::all ? all(others, margin, 1 / count, values)
                                             : hardest(others, margin, 1 / count, values);
  };
  const AnchorTerms terms(rows, threads);
  dz != nullptr ? terms.add_gradient(term, dz) : terms.visit(term);
  return std::accumulate(losses.begin(), losses.end(), 0.0) / count;
}

}  // namespace unreel::contrast
