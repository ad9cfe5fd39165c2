#include "contrast/supcon.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "base/simd_target.h"
#include "contrast/unit_row.h"
#include "data.h"
#include "test/support/target_guard.h"

namespace unreel::contrast {
namespace {

using test::detail;
using test::error_of;
using test::random_values;

const double kTemperatures[] = {0.003, 0.01, 0.024, 0.026, 0.07, 0.5, 1, 20};

struct Batch {
  std::string name;
  LossShape shape;
  std::vector<std::int32_t> labels;
  std::vector<float> u;

  std::vector<double> doubles() const { return std::vector<double>(u.begin(), u.end()); }
  float* row(std::size_t i) { return u.data() + i * shape.dims; }
};

Batch random_batch(const std::string& name, LossShape shape, const std::vector<std::int32_t>& label_cycle) {
  Batch batch{name, shape, {}, random_values(shape.rows * shape.dims, shape.rows * 1000 + shape.dims)};
  for (std::size_t i = 0; i < shape.rows; ++i) batch.labels.push_back(label_cycle[i % label_cycle.size()]);
  return batch;
}

/// What datasets hold, and what breaks losses.
std::vector<Batch> batches() {
  std::vector<Batch> all = {
      random_batch("a pair", {2, 3}, {5, 5}),
      random_batch("two classes", {12, 4}, {0, 1}),
      random_batch("one dimension", {5, 1}, {0, 1}),
      random_batch("past a tile", {33, 16}, {0, 1, 1}),
      random_batch("past two tiles", {70, 5}, {1, 0, 0, 0, 0, 0, 0}),
      random_batch("one real among fakes", {9, 6}, {0, 1, 1, 1, 1, 1, 1, 1, 1}),
      random_batch("one class absent", {8, 6}, {1}),
      random_batch("five classes and a singleton", {11, 7}, {-4, 2, 9, 2, -4, 7, 9, 2, 1000000, 7, 2}),
  };
  Batch duplicates = random_batch("duplicates", {10, 4}, {0, 1});
  for (const std::size_t i : {2U, 4U, 5U}) std::copy_n(duplicates.row(0), 4, duplicates.row(i));
  all.push_back(duplicates);
  Batch zero = random_batch("a zero row", {8, 4}, {0, 1});
  std::fill_n(zero.row(3), 4, 0.0F);
  all.push_back(zero);
  Batch clamped = random_batch("a row shorter than the least norm", {8, 4}, {0, 1});
  for (std::size_t k = 0; k < 4; ++k) clamped.row(2)[k] *= 4e-13F;
  all.push_back(clamped);
  Batch scales = random_batch("rows of many lengths", {8, 4}, {0, 0, 1, 1});
  for (std::size_t i = 0; i < 8; ++i) {
    for (std::size_t k = 0; k < 4; ++k) scales.row(i)[k] *= std::pow(10.0F, 3 * static_cast<float>(i) - 9);
  }
  all.push_back(scales);
  return all;
}

/// dL/du times the row's length: of one scale over all rows, zero rows among them.
std::vector<double> per_length(const Batch& batch, std::vector<double> gradient) {
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    const std::size_t row = i / batch.shape.dims;
    gradient[i] *= clamped_norm(batch.u.data() + row * batch.shape.dims, batch.shape.dims);
  }
  return gradient;
}

double length(const std::vector<double>& values) {
  return std::sqrt(std::inner_product(values.begin(), values.end(), values.begin(), 0.0));
}

double distance(std::vector<double> a, const std::vector<double>& b) {
  std::transform(a.begin(), a.end(), b.begin(), a.begin(), std::minus<>());
  return length(a);
}

double reference(const Batch& batch, double temperature, double* gradient) {
  return supcon_reference(batch.doubles().data(), batch.labels.data(), batch.shape, temperature, gradient);
}

double kernel(const Batch& batch, double temperature, float* gradient, int threads = 2) {
  LossOptions options;
  options.temperature = temperature;
  // One for all tests: what an earlier batch left in it must not matter.
  static LossWorkspace workspace;
  return contrastive_loss({batch.u.data(), batch.labels.data(), batch.shape}, options, threads, {gradient}, workspace);
}

std::vector<double> central_differences(const Batch& batch, double temperature) {
  std::vector<double> u = batch.doubles();
  std::vector<double> gradient(u.size());
  const auto loss = [&] { return supcon_reference(u.data(), batch.labels.data(), batch.shape, temperature, nullptr); };
  for (std::size_t i = 0; i < u.size(); ++i) {
    const std::size_t row = i / batch.shape.dims;
    const double norm = clamped_norm(batch.u.data() + row * batch.shape.dims, batch.shape.dims);
    // The third derivative goes with temperature^-3; a zero row must stay where its norm is clamped.
    const double step = 1e-4 * std::min(temperature, 1.0) * norm;
    const double at = u[i];
    u[i] = at + step;
    const double above = loss();
    u[i] = at - step;
    const double below = loss();
    u[i] = at;
    gradient[i] = (above - below) / (2 * step);
  }
  return gradient;
}

TEST(SupconReference, GradientIsThatOfCentralDifferences) {
  for (const Batch& batch : batches()) {
    for (const double temperature : kTemperatures) {
      std::vector<double> gradient(batch.u.size());
      reference(batch, temperature, gradient.data());
      const std::vector<double> analytic = per_length(batch, gradient);
      const std::vector<double> numeric = per_length(batch, central_differences(batch, temperature));
      EXPECT_LE(distance(analytic, numeric), 1e-6 * length(analytic) + 1e-9) << batch.name << " at " << temperature;
    }
  }
}

TEST(Supcon, IsTheReferenceInLossAndGradient) {
  for (const Batch& batch : batches()) {
    for (const double temperature : kTemperatures) {
      std::vector<double> expected(batch.u.size());
      std::vector<float> gradient(batch.u.size(), 7.0F);
      const double expected_loss = reference(batch, temperature, expected.data());
      const double loss = kernel(batch, temperature, gradient.data());
      EXPECT_NEAR(loss, expected_loss, 1e-5 * std::abs(expected_loss) + 1e-12) << batch.name << " at " << temperature;
      const std::vector<double> wanted = per_length(batch, expected);
      const std::vector<double> got = per_length(batch, {gradient.begin(), gradient.end()});
      EXPECT_LE(distance(got, wanted), 1e-5 * length(wanted) + 1e-12) << batch.name << " at " << temperature;
      EXPECT_EQ(kernel(batch, temperature, nullptr), loss);
    }
  }
}

TEST(Supcon, IsTheValueAndGradientComputedByHand) {
  // z = (1, 0), (0, 1), (-1, 0); the third has no positive. p_ab = 1 / (1 + 1/e) and p_ba = 1/2 at temperature 1.
  const Batch batch{"by hand", {3, 2}, {0, 0, 1}, {1, 0, 0, 2, -3, 0}};
  const double e = std::exp(1.0);
  std::vector<float> gradient(6);
  EXPECT_NEAR(kernel(batch, 1, gradient.data()), (std::log(1 + 1 / e) + std::log(2.0)) / 2, 1e-12);
  const double ac = 0.5 / (1 + e);
  const double expected[] = {0, -ac - 0.25, (-ac - 0.5) / 2, 0, 0, 0.25 / 3};
  for (std::size_t i = 0; i < 6; ++i) EXPECT_NEAR(gradient[i], expected[i], 1e-7) << i;
}

TEST(Supcon, HasTheSameBitsForAnyThreadCount) {
  for (const double temperature : {0.01, 0.07}) {
    const Batch batch = random_batch("threads", {203, 19}, {0, 1, 1, 2});
    std::vector<float> single(batch.u.size());
    const double loss = kernel(batch, temperature, single.data(), 1);
    for (const int threads : {2, 3, 5, 16}) {
      std::vector<float> gradient(batch.u.size());
      const double again = kernel(batch, temperature, gradient.data(), threads);
      EXPECT_EQ(std::memcmp(&again, &loss, sizeof(loss)), 0) << threads;
      EXPECT_EQ(std::memcmp(gradient.data(), single.data(), single.size() * sizeof(float)), 0) << threads;
    }
  }
}

TEST(Supcon, DoesNotDependOnTheOrderOfRows) {
  for (const double temperature : {0.01, 0.07}) {
    const Batch batch = random_batch("order", {75, 9}, {0, 1, 1});
    std::vector<std::size_t> order(batch.shape.rows);
    std::iota(order.begin(), order.end(), 0);
    Random(3).shuffle(order);
    Batch shuffled = batch;
    for (std::size_t i = 0; i < order.size(); ++i) {
      shuffled.labels[i] = batch.labels[order[i]];
      std::copy_n(batch.u.data() + order[i] * batch.shape.dims, batch.shape.dims, shuffled.row(i));
    }
    std::vector<float> gradient(batch.u.size());
    std::vector<float> other(batch.u.size());
    const double loss = kernel(batch, temperature, gradient.data());
    EXPECT_NEAR(kernel(shuffled, temperature, other.data()), loss, 1e-7 * loss);
    const float largest = *std::max_element(gradient.begin(), gradient.end());
    for (std::size_t i = 0; i < order.size(); ++i) {
      for (std::size_t k = 0; k < batch.shape.dims; ++k) {
        const float expected = gradient[order[i] * batch.shape.dims + k];
        EXPECT_NEAR(other[i * batch.shape.dims + k], expected, 3e-6 * largest);
      }
    }
  }
}

/// What tiles have edges at, and labels that leave some rows alone.
std::vector<Batch> large_batches() {
  return {random_batch("just past the small ones", {65, 2}, {0, 1}),
          random_batch("a tile and a row", {129, 33}, {0, 1, 1}),
          random_batch("singletons", {200, 64}, {3, 1, 4, 1, 5, 9, 2, 6}),
          random_batch("tiles of 128", {700, 31}, {0, 1, 1, 1, 1, 1, 1, 1}),
          random_batch("tiles of 192", {2100, 7}, {0, 1}),
          random_batch("long rows", {150, 520}, {0, 1})};
}

TEST(Supcon, IsTheReferenceOnEveryTarget) {
  const unreel::test::TargetGuard guard;
  for (Batch batch : large_batches()) {
    std::copy_n(batch.row(0), batch.shape.dims, batch.row(64));
    std::fill_n(batch.row(7), batch.shape.dims, 0.0F);
    // Shorter than the least norm, but with a direction.
    const double length = clamped_norm(batch.row(11), batch.shape.dims);
    for (std::size_t k = 0; k < batch.shape.dims; ++k) batch.row(11)[k] *= static_cast<float>(4e-13 / length);
    batch.labels[9] = -77;
    for (const double temperature : {0.026, 0.07, 0.5, 20.0}) {
      std::vector<double> expected(batch.u.size());
      const double expected_loss = reference(batch, temperature, expected.data());
      const std::vector<double> wanted = per_length(batch, expected);
      const double largest = std::abs(*std::max_element(wanted.begin(), wanted.end(),
                                                        [](double a, double b) { return std::abs(a) < std::abs(b); }));
      for (const std::string& target : simd_targets()) {
        set_simd_target(target);
        std::vector<float> gradient(batch.u.size(), 7.0F);
        EXPECT_NEAR(kernel(batch, temperature, gradient.data()), expected_loss, 1e-6 * expected_loss) << target;
        const std::vector<double> got = per_length(batch, {gradient.begin(), gradient.end()});
        for (std::size_t i = 0; i < got.size(); ++i) {
          ASSERT_NEAR(got[i], wanted[i], 1e-5 * largest) << batch.name << " at " << temperature << " on " << target;
        }
      }
    }
  }
}

TEST(Supcon, HasTheSameBitsOnAllTargetsWithFusedMultiplyAdd) {
  const unreel::test::TargetGuard guard;
  const std::vector<std::string> without = {"SSE4", "SSSE3", "SSE2", "SCALAR"};
  for (const Batch& batch : large_batches()) {
    set_simd_target("");
    std::vector<float> best(batch.u.size());
    const double loss = kernel(batch, 0.07, best.data());
    for (const std::string& target : simd_targets()) {
      if (std::find(without.begin(), without.end(), target) != without.end()) continue;
      set_simd_target(target);
      std::vector<float> gradient(batch.u.size());
      EXPECT_EQ(kernel(batch, 0.07, gradient.data()), loss) << target;
      EXPECT_EQ(gradient, best) << target;
    }
  }
}

TEST(Supcon, HasTheSameBitsForAnyThreadCountAlsoInTiles) {
  for (const Batch& batch : large_batches()) {
    std::vector<float> single(batch.u.size());
    const double loss = kernel(batch, 0.07, single.data(), 1);
    for (const int threads : {2, 3, 7}) {
      std::vector<float> gradient(batch.u.size());
      EXPECT_EQ(kernel(batch, 0.07, gradient.data(), threads), loss);
      EXPECT_EQ(gradient, single) << batch.name << ", " << threads << " threads";
    }
  }
}

/// Within 1e-5 of the largest number of the gradient.
void expect_reference(Batch& batch, double temperature) {
  std::vector<double> expected(batch.u.size());
  std::vector<float> gradient(batch.u.size());
  reference(batch, temperature, expected.data());
  kernel(batch, temperature, gradient.data());
  const std::vector<double> wanted = per_length(batch, expected);
  const std::vector<double> got = per_length(batch, {gradient.begin(), gradient.end()});
  double largest = 0;
  for (const double value : wanted) largest = std::max(largest, std::abs(value));
  double furthest = 0;
  for (std::size_t i = 0; i < got.size(); ++i) furthest = std::max(furthest, std::abs(got[i] - wanted[i]));
  EXPECT_LE(furthest, 1e-5 * largest) << batch.name << ", " << batch.shape.rows << " rows at " << temperature;
}

TEST(Supcon, IsTheReferenceWhereMostOfTheGradientCancels) {
  // One class pulls to where its denominators push from: the nearer its rows, the less of either is left.
  for (const float width : {1.0F, 0.3F, 0.1F, 0.05F}) {
    for (const std::vector<std::int32_t>& labels : {std::vector<std::int32_t>{1}, std::vector<std::int32_t>{0, 1}}) {
      Batch batch = random_batch("near", {130, 128}, labels);
      for (std::size_t i = 2; i < 130; ++i) {
        for (std::size_t k = 0; k < 128; ++k) {
          batch.row(i)[k] = batch.row(i % labels.size())[k] + width * batch.row(i)[k];
        }
      }
      for (const double temperature : {0.026, 0.07, 0.5, 20.0}) expect_reference(batch, temperature);
    }
  }
}

TEST(Supcon, IsTheReferenceWhereClassesHaveNearlyMet) {
  for (const double spread : {0.2, 0.35, 0.5, 1.0}) {
    for (const std::int32_t classes : {2, 7}) {
      for (const std::size_t rows : {std::size_t{70}, std::size_t{100}}) {
        std::vector<std::int32_t> labels(static_cast<std::size_t>(classes));
        std::iota(labels.begin(), labels.end(), 0);
        Batch batch = random_batch("around " + std::to_string(classes) + " directions", {rows, 512}, labels);
        for (std::size_t i = 0; i < rows; ++i) {
          for (std::size_t k = 0; k < 512; ++k) {
            const double centre = std::sin((7 * static_cast<double>(k) + 1) * (1 + batch.labels[i]));
            batch.row(i)[k] += static_cast<float>(centre / spread);
          }
        }
        for (const double temperature : {0.0255, 0.035, 0.05, 0.1}) expect_reference(batch, temperature);
      }
    }
  }
}

/// dL/d(1 / temperature): the mean over anchors of what a row's softmax expects of its cosines, less what its positives
/// have.
double temperature_gradient_by_hand(const Batch& batch, double temperature) {
  const std::size_t dims = batch.shape.dims;
  const auto cosine = [&](std::size_t i, std::size_t j) {
    const float* const a = batch.u.data() + i * dims;
    const float* const b = batch.u.data() + j * dims;
    return std::inner_product(a, a + dims, b, 0.0) / (clamped_norm(a, dims) * clamped_norm(b, dims));
  };
  double sum = 0;
  double anchors = 0;
  for (std::size_t i = 0; i < batch.shape.rows; ++i) {
    double exponentials = 0, expected = 0, positives = 0, pulled = 0;
    for (std::size_t a = 0; a < batch.shape.rows; ++a) {
      if (a == i) continue;
      const double each = cosine(i, a);
      exponentials += std::exp(each / temperature);
      expected += std::exp(each / temperature) * each;
      if (batch.labels[a] != batch.labels[i]) continue;
      pulled += each;
      ++positives;
    }
    if (positives == 0) continue;
    sum += expected / exponentials - pulled / positives;
    ++anchors;
  }
  return sum / anchors;
}

TEST(Supcon, TemperatureGradientIsTheFormulasAlsoWhereItCancels) {
  // Rows about one point: the softmax expects nearly the mean that the positives have, the nearer the hotter.
  for (const LossShape shape : {LossShape{150, 24}, LossShape{800, 3}}) {
    Batch batch = random_batch("about a point", shape, {0, 1});
    for (std::size_t i = 1; i < shape.rows; ++i) {
      for (std::size_t k = 0; k < shape.dims; ++k) batch.row(i)[k] = batch.row(0)[k] + 0.3F * batch.row(i)[k];
    }
    for (const double temperature : {0.07, 0.5, 20.0}) {
      LossOptions options;
      options.temperature = temperature;
      double gradient = 0;
      LossWorkspace workspace;
      contrastive_loss({batch.u.data(), batch.labels.data(), shape}, options, 2, {nullptr, &gradient}, workspace);
      const double expected = temperature_gradient_by_hand(batch, temperature);
      EXPECT_NEAR(gradient, expected, 1e-5 * expected) << shape.rows << " rows at " << temperature;
    }
  }
}

TEST(Supcon, LossDoesNotDependOnWhetherAGradientIsAskedFor) {
  // Settled batches too, whose gradient is done again in double.
  for (const float width : {1.0F, 1e-3F}) {
    Batch batch = random_batch("settling", {140, 16}, {0, 1});
    for (std::size_t i = 2; i < 140; ++i) {
      for (std::size_t k = 0; k < 16; ++k) batch.row(i)[k] = batch.row(i % 2)[k] + width * batch.row(i)[k];
    }
    std::vector<float> gradient(batch.u.size());
    EXPECT_EQ(kernel(batch, 0.07, gradient.data()), kernel(batch, 0.07, nullptr)) << width;
  }
}

TEST(Supcon, IsTheReferenceWhereAClassIsNearlyAPoint) {
  // Rows of a class differ by a thousandth: in float their gradient would be a difference of nearly equal numbers.
  Batch batch = random_batch("points", {140, 16}, {0, 1});
  for (std::size_t i = 2; i < 140; ++i) {
    for (std::size_t k = 0; k < 16; ++k) batch.row(i)[k] = batch.row(i % 2)[k] + 1e-3F * batch.row(i)[k];
  }
  std::vector<double> expected(batch.u.size());
  std::vector<float> gradient(batch.u.size());
  const double expected_loss = reference(batch, 0.07, expected.data());
  EXPECT_NEAR(kernel(batch, 0.07, gradient.data()), expected_loss, 1e-6 * expected_loss);
  EXPECT_LE(distance({gradient.begin(), gradient.end()}, expected), 1e-6 * length(expected));
}

TEST(Supcon, IsTheValueOfEachClassAloneWhenOneIsAbsent) {
  for (const std::size_t rows : {20, 120}) {
    const Batch batch = random_batch("one label", {rows, 12}, {1});
    std::vector<double> expected(batch.u.size());
    const double expected_loss = reference(batch, 0.07, expected.data());
    EXPECT_NEAR(kernel(batch, 0.07, nullptr), expected_loss, 1e-6 * std::abs(expected_loss));
    const Batch alone = [&] {
      Batch all = batch;
      std::iota(all.labels.begin(), all.labels.end(), 0);
      return all;
    }();
    std::vector<float> gradient(batch.u.size(), 7.0F);
    EXPECT_EQ(kernel(alone, 0.07, gradient.data()), 0);
    EXPECT_EQ(gradient, std::vector<float>(batch.u.size(), 0.0F));
  }
}

TEST(Supcon, DoesNotDependOnTheLengthOfRows) {
  Batch batch = random_batch("length", {9, 4}, {0, 1});
  const double loss = kernel(batch, 0.07, nullptr);
  for (float& value : batch.u) value *= 0x1p100F;
  EXPECT_EQ(kernel(batch, 0.07, nullptr), loss);
}

TEST(Supcon, GradientIsTangentToItsRow) {
  const Batch batch = random_batch("tangent", {40, 8}, {0, 1});
  std::vector<float> gradient(batch.u.size());
  kernel(batch, 0.07, gradient.data());
  for (std::size_t i = 0; i < batch.shape.rows; ++i) {
    const auto own = gradient.begin() + static_cast<std::ptrdiff_t>(i * 8);
    EXPECT_NEAR(std::inner_product(own, own + 8, batch.u.data() + i * 8, 0.0), 0, 1e-7);
  }
}

TEST(Supcon, IsZeroWithoutAnAnchor) {
  for (const Batch& batch : {random_batch("one row", {1, 4}, {1}), random_batch("singletons", {4, 3}, {0, 1, 2, 3})}) {
    std::vector<float> gradient(batch.u.size(), 7.0F);
    EXPECT_EQ(kernel(batch, 0.07, gradient.data()), 0) << batch.name;
    EXPECT_EQ(gradient, std::vector<float>(batch.u.size(), 0.0F)) << batch.name;
    std::vector<double> expected(batch.u.size(), 7.0);
    EXPECT_EQ(reference(batch, 0.07, expected.data()), 0) << batch.name;
    EXPECT_EQ(expected, std::vector<double>(batch.u.size(), 0.0)) << batch.name;
  }
}

TEST(Supcon, StaysFiniteAtAnyTemperatureAndScale) {
  for (Batch batch : batches()) {
    for (const float scale : {1.0F, 1e-38F, 1e26F}) {
      Batch scaled = batch;
      for (float& value : scaled.u) value *= scale;
      for (const double temperature : {1e-307, 1e-100, 1e-30, 1e-5, 1e30, 1e308}) {
        std::vector<float> gradient(batch.u.size());
        EXPECT_TRUE(std::isfinite(kernel(scaled, temperature, gradient.data()))) << batch.name << " at " << temperature;
        EXPECT_TRUE(std::all_of(gradient.begin(), gradient.end(), [](float value) { return std::isfinite(value); }))
            << batch.name << " at " << temperature << " scaled by " << scale;
      }
    }
  }
}

TEST(Supcon, RefusesWhatHasNoLoss) {
  const Batch batch = random_batch("refused", {4, 3}, {0, 1});
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double temperature : {0.0, -0.07, 5e-324, infinity, std::nan("")}) {
    const Error error = error_of([&] { kernel(batch, temperature, nullptr); });
    EXPECT_EQ(error.code(), ErrorCode::invalid_argument) << temperature;
    EXPECT_NE(error.message().find("temperature"), std::string::npos);
    EXPECT_EQ(error_of([&] { reference(batch, temperature, nullptr); }).code(), ErrorCode::invalid_argument);
  }
  for (const LossShape shape : {LossShape{0, 3}, LossShape{4, 0}}) {
    Batch empty = batch;
    empty.shape = shape;
    EXPECT_EQ(error_of([&] { kernel(empty, 0.07, nullptr); }).code(), ErrorCode::invalid_argument);
  }
}

TEST(Supcon, NamesTheRowAndColumnThatIsNotFinite) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    Batch batch = random_batch("not finite", {40, 3}, {0, 1});
    batch.row(33)[2] = bad;
    const Error error = error_of([&] { kernel(batch, 0.07, nullptr); });
    EXPECT_EQ(error.code(), ErrorCode::not_finite);
    EXPECT_EQ(std::get<std::int64_t>(detail(error, "row")), 33);
    EXPECT_EQ(std::get<std::int64_t>(detail(error, "column")), 2);
    EXPECT_NE(error.message().find("row 33, column 2"), std::string::npos) << error.message();
  }
}

}  // namespace
}  // namespace unreel::contrast
