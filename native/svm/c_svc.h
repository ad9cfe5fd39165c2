// A trained C-SVC of two classes as plain numbers, without libsvm's types.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "svm/model.h"

namespace unreel::svm {

/// Vectors and coefficients are grouped by class: first those of labels[0], then those of labels[1].
struct CSvc {
  Kernel kernel = Kernel::linear;
  double gamma = 0;  ///< rbf alone
  double rho = 0;
  std::array<int, 2> labels{1, 0};      ///< 1 = fake; 0 or -1 = real
  std::array<std::size_t, 2> counts{};  ///< support vectors of each class
  std::size_t dims = 0;
  std::vector<double> coefficients;  ///< alpha * y, one per support vector
  std::vector<double> vectors;       ///< count x dims, dense, C order

  std::size_t count() const { return coefficients.size(); }
};

/**
 * libsvm's decision value of one row of `dims` doubles: positive for labels[0]. Equal to svm_predict_values in every
 * bit.
 *
 * libsvm walks two sparse lists. In dense form an absent feature is a zero, and what a zero adds is a zero: x - 0 is x,
 * and adding +-0 to a sum that began at +0 changes no bit. So the dense sum has libsvm's terms in libsvm's order, each
 * a separate subtract, multiply and add. scorer.h does the same for many rows at a time. Source: libsvm 3.37 svm.cpp,
 * Kernel::k_function and svm_predict_values.
 */
double decision_value(const CSvc& svc, const double* x);

}  // namespace unreel::svm
