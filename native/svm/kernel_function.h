// libsvm's four kernels of two vectors.
#pragma once

#include <cstddef>

namespace unreel::svm {

enum class Kernel { linear, polynomial, rbf, sigmoid };

/**
 * linear: x.y; polynomial: (gamma x.y + coef0)^degree; rbf: exp(-gamma |x - y|^2); sigmoid: tanh(gamma x.y + coef0).
 * What a kernel does not use is 0.
 */
struct KernelFunction {
  Kernel kind = Kernel::linear;
  double gamma = 0;
  double coef0 = 0;
  int degree = 0;
};

/// Whether the kernel is a function of |x - y|^2; the others are functions of x.y.
inline bool takes_distance(Kernel kind) { return kind == Kernel::rbf; }

/**
 * values: `count` squared distances or dot products -> kernels, by libsvm's operations in their order and the C
 * library's exp and tanh. Source: libsvm 3.37 svm.cpp, Kernel::k_function, powi.
 */
void apply_kernel(const KernelFunction& kernel, double* values, std::size_t count);

}  // namespace unreel::svm
