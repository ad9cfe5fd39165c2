// Support vector machines through libsvm: training, scoring, files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "svm/decision_function.h"
#include "svm/parameters.h"
#include "svm/rows_view.h"

namespace unreel::svm {

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
  /// The same by float matrix products (fast_scorer.h), of numbers in float's range; the first call lays the support
  /// vectors out for them.
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
