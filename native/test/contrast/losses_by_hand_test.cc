// Losses of a few rows whose value a reader can check.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "contrast/loss.h"
#include "loss_cases.h"

namespace unreel::contrast {
namespace {

using test::LossCase;
using test::LossValue;
using test::measured_loss;
using test::options_of;

/// Rows in the plane.
LossCase in_plane(const std::vector<float>& u, const std::vector<std::int32_t>& labels, const LossOptions& options) {
  return {{labels.size(), 2}, labels, u, {0.5F, -1, 0.25F}, options};
}

/// East and north of one class, west of the other: distances sqrt 2 (twice) and 2.
LossCase three_winds(const LossOptions& options) { return in_plane({1, 0, 0, 2, -3, 0}, {0, 0, 1}, options); }

const double kRoot = std::sqrt(2.0);

TEST(AlignUniform, IsTheValueComputedByHand) {
  const LossCase one = three_winds(options_of(LossKind::align_uniform));
  const double uniformity = std::log((2 * std::exp(-4.0) + std::exp(-8.0)) / 3);
  EXPECT_NEAR(measured_loss(one, 1).loss, 2 + uniformity, 1e-14);
}

TEST(AlignUniform, WeighsItsTwoParts) {
  LossOptions options = options_of(LossKind::align_uniform);
  options.uniform_weight = 0;
  options.align_alpha = 1;
  EXPECT_NEAR(measured_loss(three_winds(options), 1).loss, kRoot, 1e-14);
  options.align_weight = 0;
  EXPECT_EQ(measured_loss(three_winds(options), 1).loss, 0);
}

TEST(AlignUniform, IsUniformityAloneWithoutAPair) {
  LossCase one = three_winds(options_of(LossKind::align_uniform));
  one.labels = {0, 1, 2};
  EXPECT_NEAR(measured_loss(one, 1).loss, std::log((2 * std::exp(-4.0) + std::exp(-8.0)) / 3), 1e-14);
}

TEST(Margin, IsTheValueAndGradientComputedByHand) {
  LossOptions options = options_of(LossKind::margin);
  options.margin = 2;
  const LossValue value = measured_loss(three_winds(options), 1);
  // East-north 2, north-west (2 - sqrt 2)^2, east-west 0.
  EXPECT_NEAR(value.loss, (2 + (2 - kRoot) * (2 - kRoot)) / 3, 1e-14);
  // West is pushed from north: (2/3)(2 - sqrt 2)/sqrt 2 times (z_n - z_w), of which (0, 1) is tangent; |u| = 3.
  EXPECT_NEAR(value.embeddings[4], 0, 1e-7);
  EXPECT_NEAR(value.embeddings[5], 2.0 / 3 * (2 - kRoot) / kRoot / 3, 1e-7);
}

TEST(Margin, DoesNotPushBeyondTheMargin) {
  LossCase one = three_winds(options_of(LossKind::margin));
  one.labels = {0, 1, 2};
  const LossValue value = measured_loss(one, 1);
  EXPECT_EQ(value.loss, 0);
  EXPECT_EQ(value.embeddings, std::vector<double>(6));
}

TEST(Triplet, IsTheValueComputedByHand) {
  for (const TripletMining mining : {TripletMining::hard, TripletMining::all}) {
    LossOptions options = options_of(LossKind::triplet);
    options.mining = mining;
    options.margin = 1;
    // Anchors east (to north, from west) and north (to east, from west); west has no positive.
    EXPECT_NEAR(measured_loss(three_winds(options), 1).loss, ((kRoot - 2 + 1) + 1) / 2, 1e-14);
  }
}

TEST(Triplet, HardLooksAtTheFarthestPositiveAndTheNearestNegative) {
  LossOptions options = options_of(LossKind::triplet);
  LossCase one = in_plane({1, 0, 1, 1, 0, 1, -1, 0, 0, -1}, {0, 0, 0, 1, 2}, options);
  const double eighth = std::sqrt(2 - kRoot);
  const double beyond = std::sqrt(2 + kRoot);
  // East: sqrt 2 to north, sqrt 2 from south. North-east: 45 degrees to both, 135 from both. North: sqrt 2, sqrt 2.
  EXPECT_NEAR(measured_loss(one, 1).loss, (0.3 + std::max(0.0, eighth - beyond + 0.3) + 0.3) / 3, 1e-14);
  one.options.mining = TripletMining::all;
  // Of twelve triplets four reach into the margin: east and north with the far positive and the near negative.
  double sum = 0;
  for (const double positive : {kRoot, eighth}) {
    for (const double negative : {kRoot, 2.0}) sum += 2 * std::max(0.0, positive - negative + 0.3);
  }
  EXPECT_NEAR(measured_loss(one, 1).loss, sum / 12, 1e-14);
}

TEST(Triplet, HasNoGradientOnTheMarginItself) {
  LossOptions options = options_of(LossKind::triplet);
  for (const TripletMining mining : {TripletMining::hard, TripletMining::all}) {
    options.mining = mining;
    // Two rows at one place, and one from which they are exactly the margin away.
    options.margin = kRoot;
    const LossValue value = measured_loss(in_plane({1, 0, 3, 0, 0, 1}, {0, 0, 1}, options), 1);
    EXPECT_EQ(value.loss, 0);
    EXPECT_EQ(value.embeddings, std::vector<double>(6));
  }
}

TEST(Triplet, SharesTheGradientAmongRowsThatAreAsFar) {
  LossOptions options = options_of(LossKind::triplet);
  options.margin = 2;
  // Two negatives at one place, and the same with one of them: its gradient is the sum of theirs.
  const LossValue twice = measured_loss(in_plane({1, 0, 3, 4, 0, 1, 0, 1}, {0, 0, 1, 2}, options), 1);
  const LossValue once = measured_loss(in_plane({1, 0, 3, 4, 0, 1}, {0, 0, 1}, options), 1);
  EXPECT_NEAR(twice.loss, once.loss, 1e-14);
  EXPECT_EQ(twice.embeddings[4], twice.embeddings[6]);
  EXPECT_NEAR(2 * twice.embeddings[4], once.embeddings[4], 1e-7);
  EXPECT_GT(std::abs(once.embeddings[4]), 0.1);
}

TEST(SingleCentre, IsTheValueComputedByHand) {
  // The centre of east and west is the origin: all distances are 1.
  const LossCase one = in_plane({1, 0, -1, 0, 0, 1}, {0, 0, 1}, options_of(LossKind::single_centre));
  EXPECT_NEAR(measured_loss(one, 1).loss, 1 + 0.3, 1e-14);
}

TEST(SingleCentre, PullsRealRowsAloneOnceFakesAreBeyondTheMargin) {
  const LossCase one = in_plane({4, 3, 4, -3, -1, 0}, {0, 0, 1}, options_of(LossKind::single_centre));
  const LossValue value = measured_loss(one, 1);
  EXPECT_NEAR(value.loss, 0.6, 1e-7);
  EXPECT_EQ(value.embeddings[4], 0);
  EXPECT_EQ(value.embeddings[5], 0);
  EXPECT_GT(value.embeddings[1], 0);
  EXPECT_LT(value.embeddings[3], 0);
}

TEST(SingleCentre, HasNoCentreWithoutRealRowsAndNothingToPushWithoutFakes) {
  LossCase one = in_plane({4, 3, 4, -3}, {1, 1}, options_of(LossKind::single_centre));
  EXPECT_EQ(measured_loss(one, 1).loss, 0);
  EXPECT_EQ(measured_loss(one, 1).embeddings, std::vector<double>(4));
  one.labels = {0, 0};
  EXPECT_NEAR(measured_loss(one, 1).loss, 0.6, 1e-7);
}

TEST(ClassificationTerm, IsTheBalancedMeanComputedByHand) {
  LossOptions options = options_of(LossKind::margin);
  // The two real rows cost 2/3. Scores of w = (0.5, -1), b = 0.25: 0.75, -0.25, -0.75.
  const auto value = [&](LossTerm term) {
    options.term = term;
    options.term_weight = 2;
    return measured_loss(in_plane({2, 0, -5, 0, 0, 1}, {1, 0, 0}, options), 1).loss - 2.0 / 3;
  };
  const auto logistic = [](double x) { return std::log(1 + std::exp(-x)); };
  EXPECT_NEAR(value(LossTerm::cross_entropy), logistic(0.75) + (logistic(0.25) + logistic(0.75)) / 2, 1e-14);
  EXPECT_NEAR(value(LossTerm::hinge), 0.25 + (0.75 + 0.25) / 2, 1e-14);
}

TEST(ClassificationTerm, IsTheMeanOfTheOneClassThatIsThere) {
  LossOptions options = options_of(LossKind::single_centre);
  options.term = LossTerm::hinge;
  EXPECT_NEAR(measured_loss(in_plane({2, 0, -5, 0}, {1, 1}, options), 1).loss, (0.25 + 1.25) / 2, 1e-14);
}

TEST(ClassificationTerm, HasNoPullOnTheMarginItself) {
  LossOptions options = options_of(LossKind::single_centre);
  options.term = LossTerm::hinge;
  LossCase one = in_plane({2, 0}, {1}, options);
  one.classifier = {0.75F, 0, 0.25F};
  EXPECT_EQ(measured_loss(one, 1).loss, 0);
  EXPECT_EQ(measured_loss(one, 1).classifier, std::vector<double>(3));
}

/// The mean over both views of the cross-entropy of telling a row's other view among all others (SimCLR's NT-Xent, the
/// InfoNCE of two views).
double two_view_info_nce(const LossCase& one) {
  const std::size_t rows = one.shape.rows;
  const auto cosine = [&](std::size_t i, std::size_t j) {
    double dot = 0, ii = 0, jj = 0;
    for (std::size_t k = 0; k < one.shape.dims; ++k) {
      const double a = one.u[i * one.shape.dims + k];
      const double b = one.u[j * one.shape.dims + k];
      dot += a * b, ii += a * a, jj += b * b;
    }
    return dot / std::sqrt(ii * jj);
  };
  double sum = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    double others = 0;
    for (std::size_t a = 0; a < rows; ++a) others += a == i ? 0 : std::exp(cosine(i, a) / one.options.temperature);
    sum += std::log(others) - cosine(i, i ^ 1) / one.options.temperature;
  }
  return sum / static_cast<double>(rows);
}

TEST(Supcon, WithPairIdsForLabelsIsTheInfoNceOfTwoViews) {
  LossCase one = test::random_case({24, 6}, {0}, 5);
  for (std::size_t i = 0; i < 24; ++i) one.labels[i] = static_cast<std::int32_t>(i / 2);
  one.options.temperature = 0.2;
  EXPECT_NEAR(measured_loss(one, 2).loss, two_view_info_nce(one), 1e-5);
}

TEST(Supcon, IsTimesItsTemperatureByTheBaseTemperature) {
  LossCase one = test::random_case({24, 6}, {0, 1}, 5);
  one.options.temperature = 0.5;
  const LossValue plain = measured_loss(one, 1);
  one.options.base_temperature = 0.25;
  const LossValue scaled = measured_loss(one, 1);
  EXPECT_EQ(scaled.loss, 2 * plain.loss);
  for (std::size_t i = 0; i < one.u.size(); ++i) EXPECT_EQ(scaled.embeddings[i], 2 * plain.embeddings[i]);
}

}  // namespace
}  // namespace unreel::contrast
