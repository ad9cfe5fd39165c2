// Cross-validation of C-SVCs over a grid of C and gamma.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "base/cancel_token.h"
#include "svm/parameters.h"
#include "svm/rows_view.h"

namespace unreel::svm {

struct CrossValidationPlan {
  std::vector<std::int32_t> folds;                  ///< of each row, from 0; rows of one group are in one fold
  std::vector<double> cs;                           ///< the grid, above 0; in place of Parameters::c
  std::vector<double> gammas;                       ///< in place of the kernel's gamma; one of any value for linear
  std::size_t matrix_bytes = std::size_t{1} << 30;  ///< a kernel matrix up to this size is kept and shared
};

struct CrossValidationControl {
  int threads =
      1;  ///< trainings that run side by side, and share Parameters::cache_mb; the result does not depend on it
  CancelToken cancel;
  std::function<void(std::size_t done, std::size_t all)> on_progress;  ///< after each training; on any thread, in turn
  double max_seconds = std::numeric_limits<double>::infinity();        ///< of one training
};

/**
 * For each gamma and, within it, each C: the decision value of every row (positive = fake) by the machine that was
 * trained on the rows of the other folds; |gammas| x |cs| x rows numbers, C order.
 *
 * One kernel matrix for a gamma is shared by all folds and Cs where it fits, and then the values come from its floats:
 * within about 1e-7 times the sum of |coefficients| of those that the machines' own decision functions give. Where it
 * does not fit, each training computes its own rows and the values are those of the decision functions.
 *
 * Throws what Model::train throws; one_class also where a fold leaves only one class to train on (details fold).
 */
std::vector<double> cross_validate(const RowsView& x, const std::int32_t* labels, const Parameters& parameters,
                                   const CrossValidationPlan& plan, const CrossValidationControl& control);

}  // namespace unreel::svm
