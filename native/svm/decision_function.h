// A trained support vector machine as plain numbers, without libsvm's types.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <vector>

#include "svm/kernel_function.h"
#include "svm/sigmoid.h"

namespace unreel::svm {

enum class Formulation { c_svc, nu_svc, one_class };

/**
 * f(x) = sum over i of coefficients_i K(vectors_i, x) - rho. Of two classes it is positive for labels[0], and vectors
 * and coefficients are grouped by class: first those of labels[0], then those of labels[1]. Of one class, which is
 * real, it is positive inside; labels and counts say nothing then.
 */
struct DecisionFunction {
  Formulation formulation = Formulation::c_svc;
  KernelFunction kernel;
  double rho = 0;
  std::array<int, 2> labels{1, 0};      ///< 1 = fake; 0 or -1 = real
  std::array<std::size_t, 2> counts{};  ///< support vectors of each class
  std::size_t dims = 0;
  std::vector<double> coefficients;  ///< alpha * y, one per support vector
  std::vector<double> vectors;       ///< count x dims, dense, C order
  std::optional<Sigmoid> sigmoid;    ///< of two classes: libsvm's probA and probB, P(labels[0] | f)
  /// Of one class: libsvm's tenths of P(real | f), ascending decision values. Source: Que, Lin, One-class SVM
  /// probabilistic outputs (2022).
  std::optional<std::array<double, 10>> density_marks;

  std::size_t count() const { return coefficients.size(); }
  /// What makes a value positive = fake: 1 or -1.
  double sign() const { return formulation != Formulation::one_class && labels[0] == 1 ? 1.0 : -1.0; }
};

}  // namespace unreel::svm
