#include "svm/arguments.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "base/error.h"

namespace unreel::svm {
namespace {

void require_positive(double value, const std::string& name) {
  if (value > 0 && std::isfinite(value)) return;
  throw Error(ErrorCode::invalid_argument,
              name + " must be a finite number above 0, got " + std::to_string(value) + ".")
      .with("argument", name)
      .with("value", value);
}

void require_labels(const std::int32_t* labels, std::size_t rows, Formulation formulation) {
  std::size_t fakes = 0;
  for (std::size_t row = 0; row < rows; ++row) {
    if (labels[row] != 0 && labels[row] != 1) {
      throw Error(ErrorCode::invalid_argument, "The label of row " + std::to_string(row) + " is " +
                                                   std::to_string(labels[row]) + "; labels are 1 (fake) and 0 (real).")
          .with("row", static_cast<std::int64_t>(row))
          .with("value", std::int64_t{labels[row]});
    }
    fakes += labels[row] == 1 ? 1 : 0;
  }
  if (formulation == Formulation::one_class) {
    if (fakes == 0) return;
    throw Error(ErrorCode::one_class,
                std::to_string(fakes) + " rows are fake; a one-class SVM learns from real rows alone.");
  }
  if (fakes != 0 && fakes != rows) return;
  throw Error(ErrorCode::one_class, "All " + std::to_string(rows) + " rows are " + (fakes == 0 ? "real" : "fake") +
                                        "; training needs both classes.");
}

void require_kernel(const KernelFunction& kernel) {
  if (kernel.kind != Kernel::linear) require_positive(kernel.gamma, "gamma");
  if (!std::isfinite(kernel.coef0)) {
    throw Error(ErrorCode::invalid_argument, "coef0 must be a finite number.").with("argument", "coef0");
  }
  if (kernel.kind == Kernel::polynomial && kernel.degree < 1) {
    throw Error(ErrorCode::invalid_argument, "degree must be at least 1, got " + std::to_string(kernel.degree) + ".")
        .with("argument", "degree")
        .with("value", std::int64_t{kernel.degree});
  }
}

/// Throws not_finite at the first number that is not fine.
template <class Fine>
void require_each(const RowsView& x, const Fine& fine, const std::string& otherwise) {
  for (std::size_t row = 0; row < x.rows(); ++row) {
    for (std::size_t k = 0; k < x.dims(); ++k) {
      if (fine(x.at(row, k))) continue;
      throw Error(ErrorCode::not_finite, "The feature in row " + std::to_string(row) + ", column " + std::to_string(k) +
                                             " (both from 0) is " + otherwise)
          .with("row", static_cast<std::int64_t>(row))
          .with("column", static_cast<std::int64_t>(k));
    }
  }
}

}  // namespace

void require_parameters(const Parameters& parameters) {
  require_kernel(parameters.kernel);
  if (parameters.formulation == Formulation::c_svc) {
    require_positive(parameters.c, "c");
    require_positive(parameters.weight_real, "weightReal");
    require_positive(parameters.weight_fake, "weightFake");
  } else {
    require_positive(parameters.nu, "nu");
    if (parameters.nu > 1) {
      throw Error(ErrorCode::invalid_argument, "nu must be at most 1, got " + std::to_string(parameters.nu) + ".")
          .with("argument", "nu")
          .with("value", parameters.nu);
    }
  }
  if (parameters.libsvm_probability && parameters.formulation == Formulation::one_class) {
    throw Error(ErrorCode::invalid_argument, "A one-class SVM has no probability of the class fake.")
        .with("argument", "probability");
  }
  require_positive(parameters.epsilon, "epsilon");
  require_positive(parameters.cache_mb, "cacheMb");
}

void require_finite(const RowsView& x) {
  require_each(x, [](double value) { return std::isfinite(value); }, "NaN or infinite.");
}

void require_finite_floats(const RowsView& x) {
  require_finite(x);
  require_each(
      x, [](double value) { return std::isfinite(static_cast<float>(value)); },
      "beyond float's range, in which exact: false computes. Scale the features, or ask for exactness.");
}

void require_training_rows(const RowsView& x, const std::int32_t* labels, const Parameters& parameters) {
  constexpr std::size_t kMax = std::numeric_limits<int>::max() - 1;
  if (x.rows() == 0 || x.dims() == 0 || x.rows() > kMax || x.dims() > kMax) {
    throw Error(ErrorCode::invalid_argument, "SVM training needs 1 to " + std::to_string(kMax) +
                                                 " rows and dimensions, got " + std::to_string(x.rows()) + " x " +
                                                 std::to_string(x.dims()) + ".");
  }
  require_labels(labels, x.rows(), parameters.formulation);
  parameters.exact ? require_finite(x) : require_finite_floats(x);
}

void require_finite_solution(const CSvcSolution& solution) {
  const auto finite = [](double value) { return std::isfinite(value); };
  const std::vector<double>& coefficients = solution.coefficients;
  const bool any = std::any_of(coefficients.begin(), coefficients.end(), [](double value) { return value != 0; });
  if (any && finite(solution.rho) && std::all_of(coefficients.begin(), coefficients.end(), finite)) return;
  throw Error(ErrorCode::diverged,
              "SVM training ended without finite coefficients: the features are so large that the kernel overflows, or "
              "all rows are alike. Scale the features.");
}

}  // namespace unreel::svm
