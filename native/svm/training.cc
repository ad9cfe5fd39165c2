#include "svm/training.h"

#include <svm.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>

#include "base/error.h"

namespace unreel::svm {
namespace {

struct ModelDeleter {
  void operator()(svm_model* model) const { svm_free_and_destroy_model(&model); }
};

/// The rows as libsvm's sparse lists; indices count from 1 and zeros are left out.
class Problem {
 public:
  Problem(const double* x, const std::int32_t* labels, std::size_t rows, std::size_t dims) {
    const double* const end = x + rows * dims;
    const auto zeros = static_cast<std::size_t>(std::count(x, end, 0.0));
    nodes_.reserve(rows * (dims + 1) - zeros);
    for (std::size_t row = 0; row < rows; ++row, x += dims) {
      rows_.push_back(nodes_.data() + nodes_.size());
      for (std::size_t k = 0; k < dims; ++k) {
        if (x[k] != 0) nodes_.push_back({static_cast<int>(k + 1), x[k]});
      }
      nodes_.push_back({-1, 0});
      labels_.push_back(labels[row]);
    }
    problem_ = {static_cast<int>(rows), labels_.data(), rows_.data()};
  }

  const svm_problem* get() const { return &problem_; }

 private:
  std::vector<svm_node> nodes_;
  std::vector<svm_node*> rows_;
  std::vector<double> labels_;
  svm_problem problem_{};
};

svm_parameter libsvm_parameter(const Parameters& parameters, int* weight_labels, double* weights) {
  svm_parameter parameter{};
  switch (parameters.formulation) {
    case Formulation::c_svc:
      parameter.svm_type = C_SVC;
      break;
    case Formulation::nu_svc:
      parameter.svm_type = NU_SVC;
      break;
    case Formulation::one_class:
      parameter.svm_type = ONE_CLASS;
      break;
  }
  switch (parameters.kernel.kind) {
    case Kernel::linear:
      parameter.kernel_type = LINEAR;
      break;
    case Kernel::polynomial:
      parameter.kernel_type = POLY;
      break;
    case Kernel::rbf:
      parameter.kernel_type = RBF;
      break;
    case Kernel::sigmoid:
      parameter.kernel_type = SIGMOID;
      break;
  }
  parameter.gamma = parameters.kernel.gamma;
  parameter.coef0 = parameters.kernel.coef0;
  parameter.degree = parameters.kernel.degree;
  parameter.cache_size = parameters.cache_mb;
  parameter.eps = parameters.epsilon;
  parameter.C = parameters.c;
  parameter.nu = parameters.nu;
  parameter.nr_weight = 2;
  parameter.weight_label = weight_labels;
  parameter.weight = weights;
  parameter.shrinking = parameters.shrinking ? 1 : 0;
  return parameter;
}

DecisionFunction decision_function_of(const svm_model& trained, const double* x, std::size_t dims,
                                      const Parameters& parameters) {
  DecisionFunction function;
  function.formulation = parameters.formulation;
  function.kernel = parameters.kernel;
  function.rho = trained.rho[0];
  if (trained.label != nullptr) {
    function.labels = {trained.label[0], trained.label[1]};
    function.counts = {static_cast<std::size_t>(trained.nSV[0]), static_cast<std::size_t>(trained.nSV[1])};
  }
  function.dims = dims;
  function.coefficients.assign(trained.sv_coef[0], trained.sv_coef[0] + trained.l);
  function.vectors.reserve(function.coefficients.size() * dims);
  for (int i = 0; i < trained.l; ++i) {
    const double* row = x + static_cast<std::size_t>(trained.sv_indices[i] - 1) * dims;
    function.vectors.insert(function.vectors.end(), row, row + dims);
  }
  return function;
}

DecisionFunction train_by_libsvm(const double* x, const std::int32_t* labels, std::size_t rows, std::size_t dims,
                                 const Parameters& parameters) {
  int weight_labels[] = {0, 1};
  double weights[] = {parameters.weight_real, parameters.weight_fake};
  const svm_parameter parameter = libsvm_parameter(parameters, weight_labels, weights);
  const Problem problem(x, labels, rows, dims);
  if (const char* fault = svm_check_parameter(problem.get(), &parameter)) {
    throw Error(ErrorCode::invalid_argument, std::string("libsvm refuses the parameters: ") + fault + ".");
  }
  const std::unique_ptr<svm_model, ModelDeleter> trained(svm_train(problem.get(), &parameter));
  return decision_function_of(*trained, x, dims, parameters);
}

void require_finite_function(const DecisionFunction& function) {
  const auto finite = [](double value) { return std::isfinite(value); };
  if (!function.coefficients.empty() && finite(function.rho) &&
      std::all_of(function.coefficients.begin(), function.coefficients.end(), finite)) {
    return;
  }
  throw Error(ErrorCode::diverged,
              "SVM training ended without finite coefficients. Features this large overflow the kernel: scale them.");
}

}  // namespace

DecisionFunction train_decision_function(const double* x, const std::int32_t* labels, std::size_t rows,
                                         std::size_t dims, const Parameters& parameters,
                                         const TrainingControl& control) {
  control.cancel.throw_if_cancelled();
  DecisionFunction function = train_by_libsvm(x, labels, rows, dims, parameters);
  control.cancel.throw_if_cancelled();
  require_finite_function(function);
  return function;
}

}  // namespace unreel::svm
