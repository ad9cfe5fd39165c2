#include "svm/scorer.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/simd_target.h"
#include "test/support/target_guard.h"

namespace unreel::svm {
namespace {

std::vector<double> random_values(std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<double> values(count);
  for (double& value : values) {
    value = 2 * random.uniform() - 1;
    // Features that are absent, as in sparse data.
    if (random.below(9) == 0) value = 0;
  }
  return values;
}

/// Written out, one support vector after the other.
double decision_value(const DecisionFunction& svc, const double* x) {
  double sum = 0;
  for (std::size_t i = 0; i < svc.count(); ++i) {
    double product = 0;
    for (std::size_t k = 0; k < svc.dims; ++k) {
      const double y = svc.vectors[i * svc.dims + k];
      product += takes_distance(svc.kernel.kind) ? (x[k] - y) * (x[k] - y) : x[k] * y;
    }
    apply_kernel(svc.kernel, &product, 1);
    sum += svc.coefficients[i] * product;
  }
  return sum - svc.rho;
}

DecisionFunction random_svc(Kernel kernel, std::size_t count, std::size_t dims) {
  DecisionFunction svc;
  svc.kernel = {kernel, 0.37, 0.2, 3};
  svc.rho = -0.123;
  svc.counts = {count / 2, count - count / 2};
  svc.dims = dims;
  svc.coefficients = random_values(count, 1);
  svc.vectors = random_values(count * dims, 2);
  return svc;
}

TEST(Scorer, GivesTheBitsOfThePlainFormulaOnEveryTarget) {
  const unreel::test::TargetGuard guard;
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (const Kernel kernel : {Kernel::linear, Kernel::polynomial, Kernel::rbf, Kernel::sigmoid}) {
      for (const std::size_t count : {1U, 7U, 8U, 9U, 100U, 523U}) {
        for (const std::size_t dims : {1U, 2U, 63U, 200U}) {
          for (const std::size_t rows : {1U, 5U, 8U, 70U}) {
            const DecisionFunction svc = random_svc(kernel, count, dims);
            const std::vector<double> x = random_values(rows * dims, 3);
            std::vector<double> expected(rows);
            for (std::size_t r = 0; r < rows; ++r) expected[r] = decision_value(svc, x.data() + r * dims);
            std::vector<double> actual(rows, 7);
            Scorer(svc).score({x.data(), rows, dims}, actual.data());
            ASSERT_EQ(std::memcmp(actual.data(), expected.data(), rows * sizeof(double)), 0)
                << target << ": " << count << " vectors of " << dims << ", " << rows << " rows";
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace unreel::svm
