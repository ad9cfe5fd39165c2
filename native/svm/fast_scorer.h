// Decision values of many rows, without libsvm's bits.
#pragma once

#include <cstddef>
#include <vector>

#include "svm/decision_function.h"
#include "svm/float_panels.h"
#include "svm/rows_view.h"

namespace unreel::svm {

/**
 * Evaluates a decision function by matrix products in float: a linear one as w.x - rho with one weight vector w in
 * double, the others kernel by kernel, 32 support vectors at a time. A kernel of rows of length 1 is within about 4e-7
 * of libsvm's; a decision value is off by at most the sum of the |coefficients| times that. Immutable, so any thread
 * may score.
 */
class FastScorer {
 public:
  explicit FastScorer(const DecisionFunction& function);

  /// out: a number for each row, as the decision function has them. One thread.
  void score(const RowsView& x, double* out) const;

 private:
  void score_together(const RowsView& x, double* out) const;

  KernelFunction kernel_;
  double rho_;
  std::vector<double> weights_;      ///< of a linear function, which needs nothing else
  std::vector<float> coefficients_;  ///< zeros up to a whole panel
  FloatPanels vectors_;
};

}  // namespace unreel::svm
