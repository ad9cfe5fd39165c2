#include "svm/training.h"

#include <svm.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <mutex>
#include <string>

#include "base/error.h"

namespace unreel::svm {
namespace {

struct ModelDeleter {
  void operator()(svm_model* model) const { svm_free_and_destroy_model(&model); }
};

void silence_libsvm() {
  static std::once_flag once;
  std::call_once(once, [] { svm_set_print_string_function([](const char*) {}); });
}

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

}  // namespace

CSvc train_c_svc(const double* x, const std::int32_t* labels, std::size_t rows, std::size_t dims,
                 const Parameters& parameters) {
  silence_libsvm();
  int weight_labels[] = {0, 1};
  double weights[] = {parameters.weight_real, parameters.weight_fake};
  svm_parameter parameter{};
  parameter.svm_type = C_SVC;
  parameter.kernel_type = parameters.kernel == Kernel::rbf ? RBF : LINEAR;
  parameter.gamma = parameters.kernel == Kernel::rbf ? parameters.gamma : 0;
  parameter.cache_size = parameters.cache_mb;
  parameter.eps = parameters.epsilon;
  parameter.C = parameters.c;
  parameter.nr_weight = 2;
  parameter.weight_label = weight_labels;
  parameter.weight = weights;
  parameter.shrinking = parameters.shrinking ? 1 : 0;

  const Problem problem(x, labels, rows, dims);
  if (const char* fault = svm_check_parameter(problem.get(), &parameter)) {
    throw Error(ErrorCode::invalid_argument, std::string("libsvm refuses the parameters: ") + fault + ".");
  }
  const std::unique_ptr<svm_model, ModelDeleter> trained(svm_train(problem.get(), &parameter));

  CSvc svc;
  svc.kernel = parameters.kernel;
  svc.gamma = parameter.gamma;
  svc.rho = trained->rho[0];
  svc.labels = {trained->label[0], trained->label[1]};
  svc.counts = {static_cast<std::size_t>(trained->nSV[0]), static_cast<std::size_t>(trained->nSV[1])};
  svc.dims = dims;
  svc.coefficients.assign(trained->sv_coef[0], trained->sv_coef[0] + trained->l);
  svc.vectors.reserve(svc.coefficients.size() * dims);
  for (int i = 0; i < trained->l; ++i) {
    const double* row = x + static_cast<std::size_t>(trained->sv_indices[i] - 1) * dims;
    svc.vectors.insert(svc.vectors.end(), row, row + dims);
  }
  const auto finite = [](double value) { return std::isfinite(value); };
  if (svc.coefficients.empty() || !finite(svc.rho) ||
      !std::all_of(svc.coefficients.begin(), svc.coefficients.end(), finite)) {
    throw Error(ErrorCode::diverged,
                "SVM training ended without finite coefficients. Features this large overflow the kernel: scale them.");
  }
  return svc;
}

std::string libsvm_version() {
  const std::string minor = std::to_string(::libsvm_version % 100);
  return std::to_string(::libsvm_version / 100) + "." + (minor.size() < 2 ? "0" + minor : minor);
}

}  // namespace unreel::svm
