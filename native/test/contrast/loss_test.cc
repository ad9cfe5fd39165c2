#include "contrast/loss.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "contrast/unit_row.h"
#include "loss_cases.h"

namespace unreel::contrast {
namespace {

LossWorkspace workspace;

using test::detail;
using test::error_of;
using test::largest_error;
using test::LossCase;
using test::LossValue;
using test::measured_loss;
using test::options_of;
using test::per_length;
using test::random_case;

/// Calls body(case, name) for each of the cases with each of the options.
template <class Cases, class Options, class Body>
void for_each_case(const Cases& cases, const Options& options, const Body& body) {
  for (const auto& each : cases) {
    for (const auto& [name, numbers] : options) {
      LossCase one = each.one;
      one.options = numbers;
      body(one, name + ": " + each.name);
    }
  }
}

/// A case in double, whose numbers may be moved.
class InDouble {
 public:
  explicit InDouble(const LossCase& one)
      : one_(one), u_(one.u.begin(), one.u.end()), classifier_(one.classifier.begin(), one.classifier.end()) {}

  LossValue gradient() const {
    LossValue value;
    value.embeddings.assign(u_.size(), -7);
    value.classifier.assign(classifier_.size(), -7);
    value.loss = loss({value.embeddings.data(), nullptr, value.classifier.data()});
    return value;
  }

  /// By central differences.
  LossValue slopes() {
    LossValue value;
    for (std::size_t i = 0; i < u_.size(); ++i) {
      // A zero row must stay where its norm is clamped.
      const double norm = clamped_norm(one_.u.data() + i / one_.shape.dims * one_.shape.dims, one_.shape.dims);
      value.embeddings.push_back(slope(u_[i], 1e-5 * norm));
    }
    for (double& each : classifier_) value.classifier.push_back(slope(each, 1e-5));
    return value;
  }

 private:
  double loss(const BasicLossGradient<double>& gradient = {}) const {
    return contrastive_loss_reference({u_.data(), one_.labels.data(), one_.shape, classifier_.data()}, one_.options, 1,
                                      gradient);
  }

  double slope(double& moved, double step) {
    const double at = moved;
    moved = at + step;
    const double above = loss();
    moved = at - step;
    const double below = loss();
    moved = at;
    return (above - below) / (2 * step);
  }

  const LossCase& one_;
  std::vector<double> u_;
  std::vector<double> classifier_;
};

TEST(Loss, GradientIsThatOfCentralDifferences) {
  for_each_case(test::smooth_cases(), test::all_options(), [](const LossCase& one, const std::string& name) {
    InDouble in_double(one);
    const LossValue analytic = in_double.gradient();
    const LossValue numeric = in_double.slopes();
    EXPECT_LE(largest_error(per_length(one, analytic.embeddings), per_length(one, numeric.embeddings), 1e-3), 1e-6)
        << name;
    EXPECT_LE(largest_error(analytic.classifier, numeric.classifier, 1e-3), 1e-6) << name;
  });
}

TEST(Loss, GradientOfAZeroRowIsThatOfCentralDifferences) {
  const std::vector<test::NamedCase> cases = {{"a zero row", with_zero_row(random_case({8, 4}, {0, 1}, 41), 3)}};
  for_each_case(cases, test::all_options(), [](const LossCase& one, const std::string& name) {
    // All rows are as far from a zero row, so which is its hardest is for rounding to say.
    if (one.options.kind == LossKind::triplet && one.options.mining == TripletMining::hard) return;
    InDouble in_double(one);
    const std::vector<double> analytic = per_length(one, in_double.gradient().embeddings);
    // Its distance to all others is margin's default, where the second derivative jumps.
    EXPECT_LE(largest_error(analytic, per_length(one, in_double.slopes().embeddings), 1e-3), 1e-5) << name;
  });
}

TEST(Loss, IsTheFormulaDifferentiatedByATape) {
  for_each_case(test::all_cases(), test::all_options(), [](const LossCase& one, const std::string& name) {
    const LossValue written = test::written_loss(one);
    const LossValue measured = measured_loss(one, 2);
    const double tolerance = one.options.kind == LossKind::supcon ? 1e-5 : 1e-12;
    EXPECT_NEAR(measured.loss, written.loss, tolerance * std::max(1.0, std::abs(written.loss))) << name;
    EXPECT_LE(largest_error(per_length(one, measured.embeddings), per_length(one, written.embeddings), 1e-3), 1e-5)
        << name;
    EXPECT_LE(largest_error(measured.classifier, written.classifier, 1e-3), 1e-6) << name;
    EXPECT_NEAR(measured.temperature, written.temperature, 1e-5 * std::max(1.0, std::abs(written.temperature))) << name;
  });
}

TEST(Loss, IsTheSameInFloatAndInDouble) {
  for_each_case(test::all_cases(), test::all_options(), [](const LossCase& one, const std::string& name) {
    if (one.options.kind == LossKind::supcon) return;
    const LossValue in_double = InDouble(one).gradient();
    const LossValue in_float = measured_loss(one, 2);
    EXPECT_EQ(in_float.loss, in_double.loss) << name;
    for (std::size_t i = 0; i < one.u.size(); ++i) {
      EXPECT_EQ(static_cast<float>(in_float.embeddings[i]), static_cast<float>(in_double.embeddings[i])) << name;
    }
    EXPECT_EQ(in_float.temperature, 0) << name;
  });
}

TEST(Loss, HasTheSameBitsForAnyThreadCount) {
  const std::vector<test::NamedCase> cases = {{"past blocks", random_case({203, 19}, {0, 1, 1}, 51)}};
  for_each_case(cases, test::all_options(), [](const LossCase& one, const std::string& name) {
    const LossValue single = measured_loss(one, 1);
    for (const int threads : {2, 3, 5, 16}) {
      const LossValue other = measured_loss(one, threads);
      EXPECT_EQ(other.loss, single.loss) << name << " on " << threads;
      EXPECT_EQ(other.embeddings, single.embeddings) << name << " on " << threads;
      EXPECT_EQ(other.classifier, single.classifier) << name << " on " << threads;
    }
  });
}

/// Row i of the result is row order[i] of `one`.
LossCase reordered(const LossCase& one, const std::vector<std::size_t>& order) {
  LossCase shuffled = one;
  for (std::size_t i = 0; i < order.size(); ++i) {
    shuffled.labels[i] = one.labels[order[i]];
    std::copy_n(one.u.data() + order[i] * one.shape.dims, one.shape.dims, test::row_of(shuffled, i));
  }
  return shuffled;
}

TEST(Loss, GradientFollowsTheOrderOfRows) {
  const std::vector<test::NamedCase> cases = {{"75 rows", random_case({75, 9}, {0, 1, 1}, 61)},
                                              {"clusters", clustered(random_case({40, 5}, {0, 1}, 62), 0.2F)}};
  for_each_case(cases, test::all_options(), [](const LossCase& one, const std::string& name) {
    std::vector<std::size_t> order(one.shape.rows);
    std::iota(order.begin(), order.end(), 0);
    Random(3).shuffle(order);
    const LossValue straight = measured_loss(one, 2);
    const LossValue shuffled = measured_loss(reordered(one, order), 2);
    std::vector<double> expected;
    for (const std::size_t row : order) {
      const auto from = straight.embeddings.begin() + static_cast<std::ptrdiff_t>(row * one.shape.dims);
      expected.insert(expected.end(), from, from + static_cast<std::ptrdiff_t>(one.shape.dims));
    }
    EXPECT_NEAR(shuffled.loss, straight.loss, 1e-6 * std::abs(straight.loss)) << name;
    EXPECT_LE(largest_error(shuffled.embeddings, expected, 1e-12), 1e-5) << name;
    EXPECT_LE(largest_error(shuffled.classifier, straight.classifier, 1e-12), 1e-6) << name;
  });
}

TEST(Loss, GradientShrinksAsRowsGrow) {
  const std::vector<test::NamedCase> cases = {{"20 rows", random_case({20, 6}, {0, 1, 1}, 71)}};
  for_each_case(cases, test::all_options(), [](LossCase one, const std::string& name) {
    const LossValue near = measured_loss(one, 2);
    for (float& value : one.u) value *= 0x1p20F;
    const LossValue far = measured_loss(one, 2);
    EXPECT_EQ(far.loss, near.loss) << name;
    EXPECT_EQ(far.classifier, near.classifier) << name;
    for (std::size_t i = 0; i < one.u.size(); ++i) EXPECT_EQ(far.embeddings[i] * 0x1p20, near.embeddings[i]) << name;
  });
}

TEST(Loss, GradientIsTangentToItsRow) {
  const std::vector<test::NamedCase> cases = {{"40 rows", random_case({40, 8}, {0, 1}, 81)}};
  for_each_case(cases, test::all_options(), [](const LossCase& one, const std::string& name) {
    const LossValue value = measured_loss(one, 2);
    for (std::size_t i = 0; i < one.shape.rows; ++i) {
      const auto own = value.embeddings.begin() + static_cast<std::ptrdiff_t>(i * 8);
      EXPECT_NEAR(std::inner_product(own, own + 8, one.u.data() + i * 8, 0.0), 0, 1e-5) << name;
    }
  });
}

TEST(Loss, DoesNotDependOnTheNamesOfClasses) {
  const std::vector<test::NamedCase> cases = {{"three classes", random_case({31, 6}, {0, 1, 1, 2}, 91)}};
  for_each_case(cases, test::plain_options(), [](LossCase one, const std::string& name) {
    if (one.options.kind == LossKind::single_centre) return;
    const LossValue before = measured_loss(one, 2);
    for (std::int32_t& label : one.labels) label = label == 0 ? 1000000 : -5 * label;
    const LossValue after = measured_loss(one, 2);
    EXPECT_EQ(after.loss, before.loss) << name;
    EXPECT_EQ(after.embeddings, before.embeddings) << name;
  });
}

TEST(Loss, IsTheSameWithoutAGradient) {
  for_each_case(test::all_cases(), test::all_options(), [](const LossCase& one, const std::string& name) {
    EXPECT_EQ(contrastive_loss(one.batch(), one.options, 2, {}, workspace), measured_loss(one, 2).loss) << name;
  });
}

TEST(Loss, StaysFiniteForRowsOfAnyLength) {
  for_each_case(test::all_cases(), test::all_options(), [](const LossCase& one, const std::string& name) {
    for (const float scale : {1e-38F, 1e26F}) {
      LossCase scaled = one;
      for (float& value : scaled.u) value *= scale;
      const LossValue value = measured_loss(scaled, 2);
      EXPECT_TRUE(std::isfinite(value.loss)) << name << " times " << scale;
      EXPECT_TRUE(
          std::all_of(value.embeddings.begin(), value.embeddings.end(), [](double x) { return std::isfinite(x); }))
          << name << " times " << scale;
    }
  });
}

TEST(Loss, GradientBeyondFloatsRangeIsCutToIt) {
  const double largest = std::numeric_limits<float>::max();
  LossCase one = random_case({8, 4}, {0, 1}, 75);
  const LossValue plain = measured_loss(one, 1);
  one.options.base_temperature = 1e-300;
  const LossValue scaled = measured_loss(one, 1);
  for (std::size_t i = 0; i < one.u.size(); ++i) {
    EXPECT_EQ(scaled.embeddings[i], std::copysign(largest, plain.embeddings[i])) << i;
  }

  // 1e12 is what a zero row multiplies.
  one = with_zero_row(one, 3);
  one.options = options_of(LossKind::align_uniform);
  const LossValue light = measured_loss(one, 1);
  one.options.align_weight = one.options.uniform_weight = 1e30;
  const LossValue heavy = measured_loss(one, 1);
  for (std::size_t i = 3 * 4; i < 4 * 4; ++i) {
    EXPECT_EQ(heavy.embeddings[i], std::copysign(largest, light.embeddings[i])) << i;
  }
}

TEST(Loss, RefusesNumbersThatItCannotComputeWith) {
  const double nan = std::nan("");
  const double infinity = std::numeric_limits<double>::infinity();
  const auto refuses = [](LossKind kind, const std::string& argument, const std::function<void(LossOptions&)>& change) {
    LossCase one = random_case({4, 3}, {0, 1}, 1);
    one.options = options_of(kind);
    change(one.options);
    const Error error = error_of([&] { contrastive_loss(one.batch(), one.options, 1, {}, workspace); });
    EXPECT_EQ(error.code(), ErrorCode::invalid_argument) << argument;
    EXPECT_EQ(std::get<std::string>(detail(error, "argument")), argument);
  };
  for (const double bad : {0.0, -1.0, nan, infinity}) {
    refuses(LossKind::supcon, "temperature", [bad](LossOptions& o) { o.temperature = bad; });
    refuses(LossKind::align_uniform, "uniformT", [bad](LossOptions& o) { o.uniform_t = bad; });
    for (const LossKind kind : {LossKind::triplet, LossKind::margin, LossKind::single_centre}) {
      refuses(kind, "margin", [bad](LossOptions& o) { o.margin = bad; });
    }
  }
  for (const double bad : {-1.0, nan, infinity}) {
    refuses(LossKind::align_uniform, "alignWeight", [bad](LossOptions& o) { o.align_weight = bad; });
    refuses(LossKind::align_uniform, "uniformWeight", [bad](LossOptions& o) { o.uniform_weight = bad; });
    refuses(LossKind::margin, "termWeight", [bad](LossOptions& o) { o.term_weight = bad; });
  }
  for (const double bad : {-1.0, 5e-324, nan}) {
    refuses(LossKind::supcon, "baseTemperature", [bad](LossOptions& o) { o.base_temperature = bad; });
  }
  for (const double bad : {0.9, 8.1, nan}) {
    refuses(LossKind::align_uniform, "alignAlpha", [bad](LossOptions& o) { o.align_alpha = bad; });
  }
  refuses(LossKind::align_uniform, "uniformT", [](LossOptions& o) { o.uniform_t = 101; });
  refuses(LossKind::margin, "margin", [](LossOptions& o) { o.margin = 2.1; });
}

TEST(Loss, RefusesLabelsThatHaveNoMeaning) {
  LossCase one = random_case({4, 3}, {0, 1, 2}, 1);
  const auto refusal = [&] { return error_of([&] { contrastive_loss(one.batch(), one.options, 1, {}, workspace); }); };
  one.options = options_of(LossKind::single_centre);
  EXPECT_EQ(refusal().code(), ErrorCode::invalid_argument);
  for (const LossKind kind : {LossKind::supcon, LossKind::margin}) {
    one.options = options_of(kind);
    one.options.term = LossTerm::hinge;
    EXPECT_EQ(refusal().code(), ErrorCode::invalid_argument);
    EXPECT_EQ(std::get<std::int64_t>(detail(refusal(), "row")), 2);
    EXPECT_EQ(std::get<std::int64_t>(detail(refusal(), "value")), 2);
  }
}

TEST(Loss, RefusesATermWithoutAClassifier) {
  LossCase one = random_case({4, 3}, {0, 1}, 1);
  one.options.term = LossTerm::cross_entropy;
  LossBatch batch = one.batch();
  batch.classifier = nullptr;
  const Error missing = error_of([&] { contrastive_loss(batch, one.options, 1, {}, workspace); });
  EXPECT_EQ(missing.code(), ErrorCode::invalid_argument);
  EXPECT_EQ(std::get<std::string>(detail(missing, "argument")), "classifier");
  one.classifier[3] = std::nanf("");
  EXPECT_EQ(error_of([&] { contrastive_loss(one.batch(), one.options, 1, {}, workspace); }).code(),
            ErrorCode::not_finite);
}

TEST(Loss, RefusesABatchWithoutRowsAndNamesWhatIsNotFinite) {
  LossCase one = random_case({4, 3}, {0, 1}, 1);
  for (const auto& [name, options] : test::plain_options()) {
    for (const LossShape shape : {LossShape{0, 3}, LossShape{4, 0}}) {
      LossBatch batch = one.batch();
      batch.shape = shape;
      EXPECT_EQ(error_of([&] { contrastive_loss(batch, options, 1, {}, workspace); }).code(),
                ErrorCode::invalid_argument)
          << name;
    }
    LossCase bad = one;
    bad.u[2 * 3 + 1] = std::numeric_limits<float>::infinity();
    const Error error = error_of([&] { contrastive_loss(bad.batch(), options, 1, {}, workspace); });
    EXPECT_EQ(error.code(), ErrorCode::not_finite) << name;
    EXPECT_EQ(std::get<std::int64_t>(detail(error, "row")), 2) << name;
    EXPECT_EQ(std::get<std::int64_t>(detail(error, "column")), 1) << name;
  }
}

}  // namespace
}  // namespace unreel::contrast
