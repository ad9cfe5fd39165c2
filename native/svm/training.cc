#include "svm/training.h"

#include <memory>
#include <numeric>

#include "svm/arguments.h"
#include "svm/c_svc_solver.h"
#include "svm/class_order.h"
#include "svm/computed_kernel.h"
#include "svm/fast_kernel.h"
#include "svm/libsvm_training.h"

namespace unreel::svm {

std::unique_ptr<KernelSource> kernel_of(const RowsView& x, const std::vector<std::size_t>& order,
                                        const Parameters& parameters, int threads) {
  if (parameters.exact) return std::make_unique<ComputedKernel>(x, order, parameters.kernel, threads);
  return std::make_unique<FastKernel>(x, order, parameters.kernel, threads);
}

namespace {

/// As svm_train does it: the class of the first row comes first and is the positive one.
DecisionFunction train_c_svc(const RowsView& x, const std::int32_t* labels, const Parameters& parameters,
                             const TrainingControl& control) {
  std::vector<std::size_t> all(x.rows());
  std::iota(all.begin(), all.end(), 0);
  const ClassOrder order(labels, all);
  const std::unique_ptr<KernelSource> kernel = kernel_of(x, order.rows, parameters, control.threads);
  const CSvcSolution solution =
      solve_c_svc({*kernel, order.y, order.c(0, parameters), order.c(1, parameters)}, parameters, control);
  return order.function(x, solution);
}

}  // namespace

DecisionFunction train_decision_function(const RowsView& x, const std::int32_t* labels, const Parameters& parameters,
                                         const TrainingControl& control) {
  control.cancel.throw_if_cancelled();
  const bool ours = parameters.formulation == Formulation::c_svc && !parameters.libsvm_probability;
  DecisionFunction function =
      ours ? train_c_svc(x, labels, parameters, control) : train_by_libsvm(x, labels, parameters);
  control.cancel.throw_if_cancelled();
  function.formulation = parameters.formulation;
  function.kernel = parameters.kernel;
  function.dims = x.dims();
  require_finite_solution({function.coefficients, function.rho});
  return function;
}

}  // namespace unreel::svm
