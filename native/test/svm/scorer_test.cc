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

CSvc random_svc(Kernel kernel, std::size_t count, std::size_t dims) {
  CSvc svc;
  svc.kernel = kernel;
  svc.gamma = 0.37;
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
    for (const Kernel kernel : {Kernel::linear, Kernel::rbf}) {
      for (const std::size_t count : {1U, 7U, 8U, 9U, 100U, 523U}) {
        for (const std::size_t dims : {1U, 2U, 63U, 200U}) {
          for (const std::size_t rows : {1U, 5U, 8U, 70U}) {
            const CSvc svc = random_svc(kernel, count, dims);
            const std::vector<double> x = random_values(rows * dims, 3);
            std::vector<double> expected(rows);
            for (std::size_t r = 0; r < rows; ++r) expected[r] = decision_value(svc, x.data() + r * dims);
            std::vector<double> actual(rows, 7);
            Scorer(svc).score(x.data(), rows, actual.data());
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
