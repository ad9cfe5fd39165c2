// libsvm's solver of the C-SVC's dual, given kernel rows and a choice of working sets of ours.
#pragma once

#include <cstddef>
#include <vector>

#include "svm/kernel_source.h"
#include "svm/parameters.h"

namespace unreel::svm {

struct CSvcProblem {
  KernelSource& kernel;               ///< its order is another one afterwards
  const std::vector<signed char>& y;  ///< 1 or -1, as many as the kernel has rows
  double c_positive = 1;
  double c_negative = 1;
};

struct CSvcSolution {
  std::vector<double> coefficients;  ///< alpha * y, in the kernel's first order
  double rho = 0;
};

/// Of `parameters` epsilon, cache_mb and shrinking. The coefficients and rho of svm_train in every bit. Throws
/// not_converged, aborted, and what control.on_progress throws.
CSvcSolution solve_c_svc(const CSvcProblem& problem, const Parameters& parameters, const TrainingControl& control);

}  // namespace unreel::svm
