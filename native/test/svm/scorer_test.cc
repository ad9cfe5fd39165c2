#include "svm/scorer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/simd_target.h"
#include "svm/computed_kernel.h"
#include "svm/fast_kernel.h"
#include "svm/fast_scorer.h"
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

/// Rows of length 1, as embeddings are.
std::vector<double> unit_rows(std::size_t rows, std::size_t dims, std::uint64_t seed) {
  std::vector<double> x = random_values(rows * dims, seed);
  for (std::size_t r = 0; r < rows; ++r) {
    double square = 0;
    for (std::size_t k = 0; k < dims; ++k) square += x[r * dims + k] * x[r * dims + k];
    for (std::size_t k = 0; k < dims; ++k)
      x[r * dims + k] = static_cast<float>(x[r * dims + k] / std::sqrt(std::max(square, 1e-30)));
  }
  return x;
}

/// Of each kernel with coefficients of 1, so that a decision value is off by the sum of its kernels' errors.
TEST(FastScorer, GivesKernelsOfUnitRowsWithin4e7OnEveryTarget) {
  const unreel::test::TargetGuard guard;
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (const Kernel kernel : {Kernel::linear, Kernel::polynomial, Kernel::rbf, Kernel::sigmoid}) {
      for (const std::size_t count : {1U, 31U, 33U, 100U}) {
        for (const std::size_t dims : {1U, 63U, 512U}) {
          DecisionFunction svc = random_svc(kernel, count, dims);
          svc.kernel.gamma = kernel == Kernel::linear ? 0 : 1;
          svc.coefficients.assign(count, 1);
          svc.vectors = unit_rows(count, dims, 5);
          const std::size_t rows = 70;
          const std::vector<double> x = unit_rows(rows, dims, 6);
          std::vector<double> actual(rows, 7);
          FastScorer(svc).score({x.data(), rows, dims}, actual.data());
          for (std::size_t r = 0; r < rows; ++r) {
            const double expected = decision_value(svc, x.data() + r * dims);
            ASSERT_NEAR(actual[r], expected, 4e-7 * static_cast<double>(count))
                << target << ": kernel " << static_cast<int>(kernel) << ", " << count << " vectors of " << dims;
          }
        }
      }
    }
  }
}

TEST(FastKernel, HasTheElementsOfComputedKernelWithin4e7InAnyOrder) {
  const unreel::test::TargetGuard guard;
  const std::size_t count = 75;
  const std::size_t dims = 40;
  const std::vector<double> x = unit_rows(count, dims, 8);
  std::vector<std::size_t> order(count);
  for (std::size_t i = 0; i < count; ++i) order[i] = (7 * i) % count;
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (const Kernel kind : {Kernel::linear, Kernel::polynomial, Kernel::rbf, Kernel::sigmoid}) {
      const KernelFunction kernel{kind, 0.9, 0.2, 2};
      FastKernel fast({x.data(), count, dims}, order, kernel, 2);
      ComputedKernel exact({x.data(), count, dims}, order, kernel, 2);
      for (KernelSource* const source : {static_cast<KernelSource*>(&fast), static_cast<KernelSource*>(&exact)}) {
        source->swap(3, 70);
        source->swap(70, 12);
      }
      const std::size_t rows[] = {0, 12, 74};
      std::vector<float> values(6 * count, 9);
      float* const out[] = {&values[0],         &values[count],     &values[2 * count],
                            &values[3 * count], &values[4 * count], &values[5 * count]};
      fast.rows({rows, out, 3, 5, 71});
      exact.rows({rows, out + 3, 3, 5, 71});
      for (std::size_t i = 0; i < 3 * count; ++i) {
        ASSERT_NEAR(values[i], values[3 * count + i], 4e-7) << target;
        const std::size_t column = i % count;
        if (column < 5 || column >= 71) {
          ASSERT_EQ(values[i], 9) << "written beyond what was asked for";
        }
      }
      for (const std::size_t row : rows) ASSERT_NEAR(fast.diagonal(row), exact.diagonal(row), 4e-7);
    }
  }
}

}  // namespace
}  // namespace unreel::svm
