// One random problem, solved and scored by unreel and by libsvm in memory.
#pragma once

#include <cstddef>

#include "soak_case.h"

namespace unreel::svm::test {

/// Bits that differ from libsvm's, by what was compared; a number that only one side has counts as 64.
struct DifferingBits {
  std::size_t coefficients = 0;
  std::size_t rho = 0;
  std::size_t vectors = 0;
  std::size_t decision_values = 0;
  std::size_t after_loading = 0;  ///< all of these again, of the model that was saved and loaded
  bool diverged = false;          ///< libsvm's numbers are not finite and unreel says so by its error

  std::size_t all() const { return coefficients + rho + vectors + decision_values + after_loading; }
};

/// Trains and scores on both sides, on the vector target of the case, which stays in force. Throws what unreel throws
/// where libsvm's numbers are finite.
DifferingBits differing_bits(const SoakCase& one);

}  // namespace unreel::svm::test
