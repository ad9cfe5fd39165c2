// npm run soak:gradients: random batches and options for every loss; the float entry point against the formulas in
// double, differentiated by a tape. Prints the largest relative errors; exit code 1 where one passes 1e-5.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/thread.h"
#include "written_losses.h"

namespace unreel::contrast {
namespace {

using test::LossCase;
using test::LossValue;

constexpr double kTolerance = 1e-5;
/// A gradient that cancels to less than this, of the sum of what it is made of, is compared with this.
constexpr double kLeast = 1e-3;

/// What a seed stands for.
class CaseMaker {
 public:
  explicit CaseMaker(std::uint64_t seed) : random_(seed) {}

  LossCase make() {
    LossCase one;
    one.options = options();
    one.shape = shape(one.options);
    labels(one);
    rows(one);
    for (std::size_t k = 0; k <= one.shape.dims; ++k) one.classifier.push_back(signed_uniform());
    return one;
  }

 private:
  bool chance(double probability) { return random_.uniform() < probability; }
  std::size_t whole(std::size_t least, std::size_t greatest) { return least + random_.below(greatest - least + 1); }
  double between(double least, double greatest) { return least + (greatest - least) * random_.uniform(); }
  /// Every order of magnitude is as likely.
  double magnitude(double least, double greatest) { return std::exp(between(std::log(least), std::log(greatest))); }
  float signed_uniform() { return static_cast<float>(2 * random_.uniform() - 1); }

  LossOptions options() {
    LossOptions options;
    options.kind = static_cast<LossKind>(random_.below(5));
    options.temperature = magnitude(0.01, 5);
    options.base_temperature = chance(0.3) ? magnitude(0.05, 1) : 0;
    options.align_alpha = chance(0.5) ? 2 : between(1.0, 4.0);
    options.align_weight = between(0.1, 2.0);
    options.uniform_weight = between(0.1, 2.0);
    options.uniform_t = chance(0.5) ? 2 : between(0.1, 10.0);
    if (chance(0.7)) options.margin = between(0.05, 2.0);
    options.mining = chance(0.5) ? TripletMining::hard : TripletMining::all;
    options.term = static_cast<LossTerm>(random_.below(3));
    options.term_weight = between(0.1, 3.0);
    return options;
  }

  /// 1 to 300 rows, 2 to 512 dimensions, within what the reference can hold.
  LossShape shape(const LossOptions& options) {
    constexpr double kLargest = 6e6;
    const bool cubic = options.kind == LossKind::triplet && options.mining == TripletMining::all;
    const std::size_t rows = cubic ? whole(1, 60) : static_cast<std::size_t>(magnitude(1, 301));
    const double dims = std::min(magnitude(2, 513), kLargest / static_cast<double>(rows * rows));
    return {rows, static_cast<std::size_t>(std::max(2.0, dims))};
  }

  void labels(LossCase& one) {
    const bool binary = one.options.term != LossTerm::none || one.options.kind == LossKind::single_centre;
    const double fakes = chance(0.1) ? 0 : chance(0.1) ? 1 : chance(0.5) ? 0.5 : random_.uniform();
    const std::size_t classes = whole(2, 12);
    const bool pairs = chance(0.3);
    const bool many = !binary && chance(0.5);
    for (std::size_t i = 0; i < one.shape.rows; ++i) {
      const std::size_t label = !many ? (chance(fakes) ? 1 : 0) : pairs ? i / 2 : random_.below(classes);
      one.labels.push_back(static_cast<std::int32_t>(label));
    }
  }

  /// Spread over the sphere or about a point of each class; some of many lengths, doubled, or zero.
  void rows(LossCase& one) {
    const auto [rows, dims] = one.shape;
    const double centred = chance(0.5) ? 0 : magnitude(0.1, 30);
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t k = 0; k < dims; ++k) {
        const double centre = std::sin(static_cast<double>(k * 7 + 1) * (1 + one.labels[i]));
        one.u.push_back(static_cast<float>(signed_uniform() + centred * centre));
      }
    }
    const bool lengths = chance(0.3);
    for (std::size_t i = 0; i < rows && lengths; ++i) {
      const auto scale = static_cast<float>(magnitude(1e-3, 1e3));
      for (std::size_t k = 0; k < dims; ++k) one.u[i * dims + k] *= scale;
    }
    const std::size_t copies = chance(0.3) ? whole(1, 1 + rows / 4) : 0;
    for (std::size_t copy = 0; copy < copies; ++copy) {
      std::copy_n(one.u.data() + random_.below(rows) * dims, dims, one.u.data() + random_.below(rows) * dims);
    }
    // All rows are as far from a zero row, so which is its hardest is for rounding to say.
    const bool hard = one.options.kind == LossKind::triplet && one.options.mining == TripletMining::hard;
    if (!hard && chance(0.1)) std::fill_n(one.u.data() + random_.below(rows) * dims, dims, 0.0F);
  }

  Random random_;
};

const char* name_of(const LossOptions& options) {
  switch (options.kind) {
    case LossKind::supcon:
      return "supcon";
    case LossKind::align_uniform:
      return "align-uniform";
    case LossKind::triplet:
      return options.mining == TripletMining::hard ? "triplet, hard" : "triplet, all";
    case LossKind::margin:
      return "margin";
    case LossKind::single_centre:
      return "single-centre";
  }
  return "";
}

const char* name_of(LossTerm term) {
  return term == LossTerm::hinge ? "hinge's classifier" : "cross-entropy's classifier";
}

/// What the gradient by z of one row comes to at least where nothing cancels.
double least_scale(const LossCase& one) {
  const bool by_temperature = one.options.kind == LossKind::supcon;
  return kLeast / static_cast<double>(one.shape.rows) / (by_temperature ? std::min(1.0, one.options.temperature) : 1.0);
}

/// The largest errors, by what was compared.
class Errors {
 public:
  void add(const std::string& name, double error, std::uint64_t seed) {
    Largest& largest = by_name_[name];
    ++largest.cases;
    // A NaN is the largest of all.
    if (!(error <= largest.error)) largest = {largest.cases, error, seed};
  }

  bool hold() const {
    return std::all_of(by_name_.begin(), by_name_.end(),
                       [](const auto& each) { return each.second.error <= kTolerance; });
  }

  void print() const {
    for (const auto& [name, largest] : by_name_) {
      std::printf("%s: %.2e (%zu cases; the largest with seed %llu)\n", name.c_str(), largest.error, largest.cases,
                  static_cast<unsigned long long>(largest.seed));
    }
  }

 private:
  struct Largest {
    std::size_t cases = 0;
    double error = 0;
    std::uint64_t seed = 0;
  };
  std::map<std::string, Largest> by_name_;
};

void check(std::uint64_t seed, Errors& errors) {
  const LossCase one = CaseMaker(seed).make();
  const LossValue written = test::written_loss(one);
  const LossValue measured = test::measured_loss(one, available_cores());
  const std::vector<double> expected = per_length(one, written.embeddings);
  errors.add(name_of(one.options),
             test::largest_error(per_length(one, measured.embeddings), expected, least_scale(one)), seed);
  if (one.options.kind == LossKind::supcon) {
    // Cosines of many rows may cancel to nothing: they count as 1e-3 at least.
    errors.add("supcon's temperature", test::largest_error({measured.temperature}, {written.temperature}, kLeast),
               seed);
  }
  if (one.options.term == LossTerm::none) return;
  errors.add(name_of(one.options.term), test::largest_error(measured.classifier, written.classifier, kLeast), seed);
}

}  // namespace
}  // namespace unreel::contrast

int main(int argc, char** argv) {
  using namespace unreel::contrast;
  if (argc != 3) {
    std::fprintf(stderr, "usage: gradient_soak CASES FIRST_SEED\n");
    return 2;
  }
  const std::uint64_t cases = std::strtoull(argv[1], nullptr, 10);
  const std::uint64_t first = std::strtoull(argv[2], nullptr, 10);
  Errors errors;
  for (std::uint64_t i = 0; i < cases; ++i) {
    check(first + i, errors);
    if ((i + 1) % 100 == 0) std::cerr << i + 1 << " of " << cases << " cases" << std::endl;
  }
  std::printf("reference: the formulas in double, differentiated by a tape\nseeds: %llu to %llu\n",
              static_cast<unsigned long long>(first), static_cast<unsigned long long>(first + cases - 1));
  errors.print();
  return errors.hold() ? 0 : 1;
}
