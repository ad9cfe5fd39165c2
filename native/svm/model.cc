#include "svm/model.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/error.h"
#include "base/thread.h"
#include "svm/decision_function.h"
#include "svm/model_file.h"
#include "svm/scorer.h"
#include "svm/training.h"

namespace unreel::svm {
namespace {

void require_positive(double value, const std::string& name) {
  if (value > 0 && std::isfinite(value)) return;
  throw Error(ErrorCode::invalid_argument,
              name + " must be a finite number above 0, got " + std::to_string(value) + ".")
      .with("argument", name)
      .with("value", value);
}

void require_finite(const RowsView& x) {
  for (std::size_t row = 0; row < x.rows(); ++row) {
    for (std::size_t k = 0; k < x.dims(); ++k) {
      if (std::isfinite(x.at(row, k))) continue;
      throw Error(ErrorCode::not_finite, "The feature in row " + std::to_string(row) + ", column " + std::to_string(k) +
                                             " (both from 0) is NaN or infinite.")
          .with("row", static_cast<std::int64_t>(row))
          .with("column", static_cast<std::int64_t>(k));
    }
  }
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

class SvmModel final : public Model {
 public:
  explicit SvmModel(DecisionFunction function) : function_(std::move(function)), scorer_(function_) {}

  void save(const std::string& path) const override { write_model_file(function_, path); }
  const DecisionFunction& function() const override { return function_; }

  void decision_values(const RowsView& x, int threads, double* out) const override {
    require_finite(x);
    parallel_for(x.rows(), threads, [&](std::size_t begin, std::size_t end) {
      scorer_.score(x.part(begin, end), out + begin);
      for (std::size_t row = begin; row < end; ++row) out[row] *= function_.sign();
    });
  }

 private:
  DecisionFunction function_;
  Scorer scorer_;
};

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
  require_positive(parameters.epsilon, "epsilon");
  require_positive(parameters.cache_mb, "cacheMb");
}

}  // namespace

std::unique_ptr<Model> Model::train(const RowsView& x, const std::int32_t* labels, const Parameters& parameters,
                                    const TrainingControl& control) {
  constexpr std::size_t kMax = std::numeric_limits<int>::max() - 1;
  if (x.rows() == 0 || x.dims() == 0 || x.rows() > kMax || x.dims() > kMax) {
    throw Error(ErrorCode::invalid_argument, "SVM training needs 1 to " + std::to_string(kMax) +
                                                 " rows and dimensions, got " + std::to_string(x.rows()) + " x " +
                                                 std::to_string(x.dims()) + ".");
  }
  require_parameters(parameters);
  require_labels(labels, x.rows(), parameters.formulation);
  require_finite(x);
  return std::make_unique<SvmModel>(train_decision_function(x, labels, parameters, control));
}

std::unique_ptr<Model> Model::load(const std::string& path) {
  return std::make_unique<SvmModel>(read_model_file(path));
}

}  // namespace unreel::svm
