#include "svm/libsvm_training.h"

#include <svm.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "svm/random_stream.h"
#include "svm/sigmoid.h"

namespace unreel::svm {
namespace {

struct ModelDeleter {
  void operator()(svm_model* model) const { svm_free_and_destroy_model(&model); }
};

/// The rows as libsvm's sparse lists; indices count from 1 and zeros are left out.
class Problem {
 public:
  Problem(const RowsView& x, const std::int32_t* labels) {
    std::vector<double> scratch(x.dims());
    std::vector<std::size_t> begins;
    for (std::size_t i = 0; i < x.rows(); ++i) {
      begins.push_back(nodes_.size());
      const double* const row = x.row(i, scratch.data());
      for (std::size_t k = 0; k < x.dims(); ++k) {
        if (row[k] != 0) nodes_.push_back({static_cast<int>(k + 1), row[k]});
      }
      nodes_.push_back({-1, 0});
      labels_.push_back(labels[i]);
    }
    for (const std::size_t begin : begins) rows_.push_back(nodes_.data() + begin);
    problem_ = {static_cast<int>(x.rows()), labels_.data(), rows_.data()};
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
  constexpr int kTypes[] = {C_SVC, NU_SVC, ONE_CLASS};
  constexpr int kKernels[] = {LINEAR, POLY, RBF, SIGMOID};
  parameter.svm_type = kTypes[static_cast<std::size_t>(parameters.formulation)];
  parameter.kernel_type = kKernels[static_cast<std::size_t>(parameters.kernel.kind)];
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
  parameter.probability = parameters.libsvm_probability ? 1 : 0;
  return parameter;
}

}  // namespace

DecisionFunction train_by_libsvm(const RowsView& x, const std::int32_t* labels, const Parameters& parameters) {
  int weight_labels[] = {0, 1};
  double weights[] = {parameters.weight_real, parameters.weight_fake};
  begin_stream(parameters.stream);
  const svm_parameter parameter = libsvm_parameter(parameters, weight_labels, weights);
  const Problem problem(x, labels);
  if (const char* fault = svm_check_parameter(problem.get(), &parameter)) {
    throw Error(ErrorCode::invalid_argument, std::string("libsvm refuses the parameters: ") + fault + ".");
  }
  const std::unique_ptr<svm_model, ModelDeleter> trained(svm_train(problem.get(), &parameter));
  DecisionFunction function;
  function.rho = trained->rho[0];
  if (trained->label != nullptr) {
    function.labels = {trained->label[0], trained->label[1]};
    function.counts = {static_cast<std::size_t>(trained->nSV[0]), static_cast<std::size_t>(trained->nSV[1])};
  }
  if (trained->probA != nullptr) function.sigmoid = Sigmoid{trained->probA[0], trained->probB[0]};
  for (int i = 0; i < trained->l; ++i) {
    function.coefficients.push_back(trained->sv_coef[0][i]);
    const auto row = static_cast<std::size_t>(trained->sv_indices[i] - 1);
    for (std::size_t k = 0; k < x.dims(); ++k) function.vectors.push_back(x.at(row, k));
  }
  return function;
}

}  // namespace unreel::svm
