// The solver on kernel rows of ours, beside svm_train.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/simd_target.h"
#include "reference.h"
#include "svm/cross_validation.h"
#include "svm/model.h"
#include "test/support/target_guard.h"

namespace unreel::svm {
namespace {

using test::Data;
using test::Reference;

void expect_bits_of_libsvm(const Data& data, const Parameters& parameters, int threads, const std::string& what) {
  TrainingControl control;
  control.threads = threads;
  const auto model = Model::train({data.x.data(), data.rows, data.dims}, data.labels.data(), parameters, control);
  const Reference reference(data, parameters);
  const DecisionFunction& function = model->function();
  ASSERT_EQ(function.count(), static_cast<std::size_t>(reference.get()->l)) << what;
  EXPECT_EQ(function.counts[0], static_cast<std::size_t>(reference.get()->nSV[0])) << what;
  EXPECT_EQ(std::memcmp(&function.rho, reference.get()->rho, sizeof(double)), 0) << what;
  EXPECT_EQ(std::memcmp(function.coefficients.data(), reference.get()->sv_coef[0], function.count() * sizeof(double)),
            0)
      << what;
}

Parameters hard_problem(Kernel kernel, bool shrinking) {
  Parameters parameters;
  parameters.kernel = {kernel, kernel == Kernel::linear ? 0 : 0.2, kernel == Kernel::rbf ? 0 : 0.5, 3};
  parameters.c = 20;
  parameters.weight_fake = 2.5;
  parameters.shrinking = shrinking;
  return parameters;
}

TEST(Solver, HasTheBitsOfLibsvmOnEveryTarget) {
  const unreel::test::TargetGuard guard;
  const Data data(420, 5, 11, 1);
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (const Kernel kernel : {Kernel::linear, Kernel::polynomial, Kernel::rbf, Kernel::sigmoid}) {
      for (const bool shrinking : {true, false}) {
        expect_bits_of_libsvm(data, hard_problem(kernel, shrinking), 2, target);
      }
    }
  }
}

TEST(Solver, HasTheBitsOfLibsvmWithACacheOfAFewRows) {
  const Data data(900, 4, 12, 0);
  for (const double cache_mb : {1e-6, 0.03, 0.5}) {
    Parameters parameters = hard_problem(Kernel::rbf, true);
    parameters.cache_mb = cache_mb;
    parameters.c = 100;
    expect_bits_of_libsvm(data, parameters, 2, std::to_string(cache_mb));
  }
}

TEST(Solver, HasTheBitsOfLibsvmAmongDuplicatesAndConstants) {
  Data data(300, 6, 13, 0);
  for (std::size_t row = 0; row < data.rows; ++row) {
    data.x[row * data.dims + 3] = 0.25;
    if (row % 3 == 0) std::copy_n(data.x.data(), data.dims, data.x.data() + row * data.dims);
  }
  for (const Kernel kernel : {Kernel::linear, Kernel::rbf}) {
    expect_bits_of_libsvm(data, hard_problem(kernel, true), 1, "duplicates");
  }
}

TEST(Solver, HasTheBitsOfLibsvmOnFloatsAndOnDoubles) {
  Data data(200, 33, 14, 1);
  expect_bits_of_libsvm(data, hard_problem(Kernel::rbf, true), 2, "doubles");
  std::vector<float> floats(data.x.begin(), data.x.end());
  std::copy(floats.begin(), floats.end(), data.x.begin());
  expect_bits_of_libsvm(data, hard_problem(Kernel::rbf, true), 2, "doubles that are floats");
  const auto narrow =
      Model::train({floats.data(), data.rows, data.dims}, data.labels.data(), hard_problem(Kernel::rbf, true));
  const auto wide =
      Model::train({data.x.data(), data.rows, data.dims}, data.labels.data(), hard_problem(Kernel::rbf, true));
  EXPECT_EQ(narrow->function().coefficients, wide->function().coefficients);
  EXPECT_EQ(narrow->function().vectors, wide->function().vectors);
}

TEST(Solver, ThrowsAtItsLimitsAndWhenCancelledWithoutALeak) {
  const Data data(200, 3, 15, 1);
  Parameters parameters = hard_problem(Kernel::rbf, true);
  parameters.c = 1e8;
  parameters.epsilon = 1e-12;
  const auto code_of = [&](const TrainingControl& control) {
    try {
      Model::train({data.x.data(), data.rows, data.dims}, data.labels.data(), parameters, control);
    } catch (const Error& error) {
      return std::string(error_info(error.code()).code);
    }
    return std::string("none");
  };
  TrainingControl iterations;
  iterations.max_iterations = 1500;
  EXPECT_EQ(code_of(iterations), "ERR_UNREEL_NOT_CONVERGED");
  TrainingControl seconds;
  seconds.max_seconds = 1e-3;
  EXPECT_EQ(code_of(seconds), "ERR_UNREEL_NOT_CONVERGED");
  TrainingControl cancelled;
  cancelled.on_progress = [&](const SolverProgress&) { cancelled.cancel.cancel(); };
  EXPECT_EQ(code_of(cancelled), "ERR_UNREEL_ABORTED");
}

TEST(CrossValidation, GivesTheValuesOfMachinesTrainedOnTheOtherFolds) {
  const Data data(150, 7, 16, 0);
  CrossValidationPlan plan;
  for (std::size_t row = 0; row < data.rows; ++row) plan.folds.push_back(static_cast<std::int32_t>(row / 3 % 4));
  plan.cs = {1, 30};
  plan.gammas = {0.1, 0.6};
  const Parameters parameters = hard_problem(Kernel::rbf, true);
  CrossValidationControl control;
  control.threads = 3;
  for (const std::size_t matrix_bytes : {std::size_t{0}, std::size_t{1} << 20}) {
    plan.matrix_bytes = matrix_bytes;
    const std::vector<double> values =
        cross_validate({data.x.data(), data.rows, data.dims}, data.labels.data(), parameters, plan, control);
    for (std::size_t point = 0; point < 4; ++point) {
      Parameters own = parameters;
      own.kernel.gamma = plan.gammas[point / 2];
      own.c = plan.cs[point % 2];
      for (std::int32_t fold = 0; fold < 4; ++fold) {
        Data training = data;
        training.x.clear();
        training.labels.clear();
        for (std::size_t row = 0; row < data.rows; ++row) {
          if (plan.folds[row] == fold) continue;
          training.labels.push_back(data.labels[row]);
          training.x.insert(training.x.end(), &data.x[row * data.dims], &data.x[row * data.dims] + data.dims);
        }
        training.rows = training.labels.size();
        const std::vector<double> expected = values_of(Reference(training, own).get(), data);
        for (std::size_t row = 0; row < data.rows; ++row) {
          if (plan.folds[row] != fold) continue;
          const double difference = std::abs(values[point * data.rows + row] - expected[row]);
          EXPECT_LE(difference, matrix_bytes == 0 ? 0.0 : 2e-5);
        }
      }
    }
  }
}

}  // namespace
}  // namespace unreel::svm
