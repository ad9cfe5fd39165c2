// The pair of variables that a step of SMO moves, chosen as libsvm chooses it, on the target that base/simd_target.h
// names.
#pragma once

#include <cstddef>
#include <cstdint>

namespace unreel::svm {

/// The state of the solver's active variables; libsvm's own arrays, borrowed.
struct SolverState {
  const signed char* y = nullptr;  ///< 1 or -1
  const char* status = nullptr;    ///< 0: at 0; 1: at C; 2: between
  const double* gradient = nullptr;
  const double* diagonal = nullptr;  ///< Q_ii
  std::size_t active = 0;
};

/// A variable and the value that it was chosen by; index -1 and -infinity where there is none.
struct Violator {
  std::int64_t index = -1;
  double value = 0;
};

/// The last index with the greatest -y_i G_i among those that may go up: i.
Violator most_violating(const SolverState& state);

/// What the choice of j gives.
struct Partner {
  std::int64_t index = -1;  ///< j, or -1: no pair makes the objective smaller
  double most_low = 0;      ///< the greatest y_j G_j among those that may go down
};

/**
 * The last index with the greatest decrease of the objective beside i, among those that may go down. row: of Q, of i;
 * not looked at where first.index is -1. Ties as libsvm's loop decides them, on every target. Source: libsvm 3.37
 * svm.cpp, Solver::select_working_set; Fan, Chen, Lin, Working set selection using second order information (2005).
 */
Partner best_partner(const SolverState& state, const Violator& first, const float* row);

}  // namespace unreel::svm
