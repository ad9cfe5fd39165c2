// What a training is told.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>

#include "base/cancel_token.h"
#include "svm/decision_function.h"
#include "svm/kernel_function.h"

namespace unreel::svm {

struct Parameters {
  Formulation formulation = Formulation::c_svc;
  KernelFunction kernel;
  double c = 1;            ///< c_svc
  double nu = 0.5;         ///< nu_svc, one_class: in (0, 1]
  double weight_real = 1;  ///< c_svc: multiplies C for label 0
  double weight_fake = 1;  ///< c_svc: multiplies C for label 1
  double epsilon = 1e-3;   ///< the gap at which the solver ends
  double cache_mb = 200;   ///< MiB of kernel rows that the solver keeps; four rows at least
  bool shrinking = true;
  /// c_svc, nu_svc: libsvm's probability = 1, through libsvm alone: the sigmoid of the values of a 5-fold
  /// cross-validation whose folds know of no groups, so that it is optimistic where rows belong together.
  bool libsvm_probability = false;
  unsigned stream = 1;  ///< of that: the seed of C's rand(), which the folds are drawn by
  /// c_svc: kernels equal libsvm's in every bit; otherwise they come from float matrix products (fast_kernel.h).
  bool exact = true;
};

/// Where the solver of a C-SVC stands.
struct SolverProgress {
  std::int64_t iterations = 0;
  double gap = 0;  ///< the greatest violation of the optimum's conditions; the solver ends below epsilon
};

/// What a training may be told from outside. Of nu_svc and one_class, which libsvm's own solver trains alone, `cancel`
/// is looked at before and after.
struct TrainingControl {
  int threads = 1;  ///< the result does not depend on it
  CancelToken cancel;
  std::function<void(const SolverProgress&)> on_progress;  ///< every thousand iterations, on the calling thread
  std::int64_t max_iterations = 0;                         ///< 0 = libsvm's own: 100 a row, at least 10 million
  double max_seconds = std::numeric_limits<double>::infinity();
};

}  // namespace unreel::svm
