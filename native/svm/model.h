// Support vector machines through libsvm: training, scoring, files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "base/cancel_token.h"
#include "svm/decision_function.h"
#include "svm/rows_view.h"

namespace unreel::svm {

struct Parameters {
  Formulation formulation = Formulation::c_svc;
  KernelFunction kernel;
  double c = 1;            ///< c_svc
  double nu = 0.5;         ///< nu_svc, one_class: in (0, 1]
  double weight_real = 1;  ///< c_svc: multiplies C for label 0
  double weight_fake = 1;  ///< c_svc: multiplies C for label 1
  double epsilon = 1e-3;   ///< the gap at which the solver ends
  double cache_mb = 200;   ///< MiB of kernel rows that the solver keeps; two rows at least
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

/// Immutable once made; decision_values may run on several threads at once.
class Model {
 public:
  /**
   * libsvm's solver on x, labels 1 = fake, 0 = real; of one_class all rows are real. Of c_svc, kernel
   * rows are ours; coefficients, rho and support vectors are those of svm_train in every bit. The model keeps nothing
   * of the caller's memory. Throws one_class (a class is missing; of one_class, a fake row), not_finite (details row
   * and column, from 0), invalid_argument (C, gamma, weights, epsilon or cache not above 0, nu outside (0, 1] or
   * infeasible for the labels, degree below 1; another label), diverged (features so large that the kernel overflows),
   * not_converged (a limit; details iterations and gap), aborted. Several threads may train at once.
   */
  static std::unique_ptr<Model> train(const RowsView& x, const std::int32_t* labels, const Parameters& parameters,
                                      const TrainingControl& control = {});
  /// The model of a decision function that is there already.
  static std::unique_ptr<Model> of(DecisionFunction function);
  /**
   * Reads libsvm's text format, written by unreel or by svm-train: c_svc, nu_svc or one_class, labels 1 (fake) and 0 or
   * -1 (real) in either order. Throws not_found, is_a_directory, not_readable, svm_invalid (details path and line; the
   * message says what was expected there).
   */
  static std::unique_ptr<Model> load(const std::string& path);
  /// Writes libsvm's text format with 17 significant digits everywhere, so that load gives the same bits and
  /// svm-predict the same decision values. The file appears whole or not at all. Throws output_not_writable.
  virtual void save(const std::string& path) const = 0;
  virtual ~Model() = default;

  /// dims, after load: the greatest index in the file; unreel's own files name every one.
  virtual const DecisionFunction& function() const = 0;

  /**
   * Decision values, positive = fake whatever label order the file has; equal to libsvm's to the last bit.
   * x: rows of dims numbers; out: one for each. The same for any thread count (>= 1). Throws not_finite.
   */
  virtual void decision_values(const RowsView& x, int threads, double* out) const = 0;
  /// The same by float matrix products (fast_scorer.h); the first call lays the support vectors out for them.
  virtual void fast_decision_values(const RowsView& x, int threads, double* out) const = 0;
  /**
   * P(fake) of each row by the model's own sigmoid, which only libsvm_probability and files of svm-train -b 1 bring:
   * svm_predict_probability's in every bit. Throws invalid_argument where there is none, not_finite.
   */
  virtual void probabilities(const RowsView& x, int threads, double* out) const = 0;
};

/// "3.37"
std::string libsvm_version();

}  // namespace unreel::svm
