// Decision values of many rows, libsvm's in every bit.
#pragma once

#include <cstddef>

#include "svm/decision_function.h"
#include "svm/lane_products.h"

namespace unreel::svm {

/**
 * Evaluates a decision function: kernels of several rows and several support vectors at a time, one support vector a
 * lane, and sums over support vectors in libsvm's order. Equal to svm_predict_values in every bit: libsvm walks two
 * sparse lists; in dense form an absent feature is a zero, x - 0 is x, and adding +-0 to a sum that began at +0 changes
 * no bit. Immutable, so any thread may score. Holds a second copy of the support vectors, laid out for lanes.
 */
class Scorer {
 public:
  explicit Scorer(const DecisionFunction& function);

  /// out: a number for each row, as the decision function has them. One thread.
  void score(const RowsView& x, double* out) const;

 private:
  void score_together(const RowsView& x, double* widened, double* sums) const;
  void add_block(const double* const* rows, std::size_t count, std::size_t block, double* sums) const;

  KernelFunction kernel_;
  double rho_;
  std::vector<double> coefficients_;
  LaneVectors vectors_;
};

}  // namespace unreel::svm
