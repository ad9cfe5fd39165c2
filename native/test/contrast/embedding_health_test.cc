#include "contrast/embedding_health.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "data.h"

namespace unreel::contrast {
namespace {

/// Unit rows in the plane, by angle.
struct Rows {
  std::vector<float> z;
  std::vector<std::int32_t> labels;
  std::vector<std::uint32_t> videos;

  void add(double angle, std::int32_t label, std::uint32_t video) {
    z.push_back(static_cast<float>(std::cos(angle)));
    z.push_back(static_cast<float>(std::sin(angle)));
    labels.push_back(label);
    videos.push_back(video);
  }

  EmbeddingHealth health(std::vector<double> direction = {1, 0}) const {
    HealthProbe probe(labels.size(), 2, std::move(direction));
    // In two parts, as a trainer adds them.
    const std::size_t half = labels.size() / 2;
    probe.add(z.data(), labels.data(), videos.data(), half);
    probe.add(z.data() + 2 * half, labels.data() + half, videos.data() + half, labels.size() - half);
    return probe.result();
  }
};

TEST(EmbeddingHealth, IsWhatTheFormulasSayPairByPair) {
  Rows rows;
  Random random(3);
  for (std::uint32_t i = 0; i < 41; ++i) rows.add(6.28 * random.uniform(), i % 3 == 0 ? 0 : 1, i);
  double cosines = 0;
  double across = 0;
  double same = 0;
  double gaussians = 0;
  double pairs = 0;
  double same_pairs = 0;
  for (std::size_t i = 0; i < 41; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const double x = double{rows.z[2 * i]} - rows.z[2 * j];
      const double y = double{rows.z[2 * i + 1]} - rows.z[2 * j + 1];
      const double square = x * x + y * y;
      cosines += 1 - square / 2;
      gaussians += std::exp(-2 * square);
      ++pairs;
      if (rows.labels[i] == rows.labels[j]) {
        same += square;
        ++same_pairs;
      } else {
        across += 1 - square / 2;
      }
    }
  }
  const EmbeddingHealth health = rows.health();
  EXPECT_NEAR(health.mean_cosine, cosines / pairs, 1e-6);
  EXPECT_NEAR(health.cross_cosine, across / (pairs - same_pairs), 1e-6);
  EXPECT_NEAR(health.alignment, same / same_pairs, 1e-6);
  EXPECT_NEAR(health.uniformity, std::log(gaussians / pairs), 1e-6);
}

TEST(EmbeddingHealth, OfOnePointHasCosinesOfOne) {
  Rows rows;
  for (std::uint32_t i = 0; i < 8; ++i) rows.add(1, i % 2, i);
  const EmbeddingHealth health = rows.health();
  EXPECT_NEAR(health.cross_cosine, 1, 1e-6);
  EXPECT_NEAR(health.mean_cosine, 1, 1e-6);
  EXPECT_NEAR(health.alignment, 0, 1e-6);
  EXPECT_NEAR(health.uniformity, 0, 1e-6);
}

TEST(EmbeddingHealth, AucIsThatOfVideosByTheirMeanScore) {
  Rows rows;
  // Video 0 (real): scores 0.9 and -0.9, not side by side; 1 (fake): 0.5; 2 (real): thrice 0.5; 3 (fake): 0.8.
  rows.add(std::acos(0.9), 0, 0);
  rows.add(std::acos(0.5), 1, 1);
  for (int i = 0; i < 3; ++i) rows.add(std::acos(0.5), 0, 2);
  rows.add(std::acos(0.8), 1, 3);
  rows.add(std::acos(-0.9), 0, 0);
  // Pairs: (1, 0) won, (1, 2) tied, (3, 0) and (3, 2) won.
  EXPECT_NEAR(rows.health().auc, 3.5 / 4, 1e-12);
  EXPECT_NEAR(rows.health({-1, 0}).auc, 0.5 / 4, 1e-12);
}

TEST(EmbeddingHealth, LooksAtUniformityThroughASpreadSample) {
  Rows rows;
  for (std::uint32_t i = 0; i < 3000; ++i) rows.add(i < 1500 ? 0 : 3.14159265, i % 2, i);
  // Two points, half of the rows each: half of the pairs at distance 0, half at 2.
  EXPECT_NEAR(rows.health().uniformity, std::log((1 + std::exp(-8.0)) / 2), 0.01);
}

TEST(EmbeddingHealth, SaysNaNWhereThereAreNoPairs) {
  Rows rows;
  rows.add(0, 1, 0);
  rows.add(1, 1, 1);
  EXPECT_TRUE(std::isnan(rows.health().auc));
  EXPECT_TRUE(std::isnan(rows.health().cross_cosine));
}

}  // namespace
}  // namespace unreel::contrast
