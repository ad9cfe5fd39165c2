#include "svm/kernel_function.h"

#include <cmath>

namespace unreel::svm {
namespace {

/// libsvm's order of multiplications, which std::pow does not have.
double power(double base, int exponent) {
  double result = 1;
  for (double square = base; exponent > 0; exponent /= 2, square *= square) {
    if (exponent % 2 == 1) result *= square;
  }
  return result;
}

}  // namespace

void apply_kernel(const KernelFunction& kernel, double* values, std::size_t count) {
  const auto [kind, gamma, coef0, degree] = kernel;
  switch (kind) {
    case Kernel::linear:
      return;
    case Kernel::polynomial:
      for (std::size_t i = 0; i < count; ++i) values[i] = power(gamma * values[i] + coef0, degree);
      return;
    case Kernel::rbf:
      for (std::size_t i = 0; i < count; ++i) values[i] = std::exp(-gamma * values[i]);
      return;
    case Kernel::sigmoid:
      for (std::size_t i = 0; i < count; ++i) values[i] = std::tanh(gamma * values[i] + coef0);
      return;
  }
}

}  // namespace unreel::svm
