// Platt's sigmoid.
#pragma once

#include <cstddef>

namespace unreel::svm {

/// P(fake | f) = 1 / (1 + exp(a f + b)); a is negative where greater values are more often fake.
struct Sigmoid {
  double a = 0;
  double b = 0;
};

/// P(fake | value), without overflow. libsvm's own code.
double sigmoid_of(const Sigmoid& sigmoid, double value);

/**
 * Fits the sigmoid to `count` values, at least 1, finite, with labels 1 (fake) and anything not above 0 (real): by
 * Newton's method with backtracking on the cross entropy against the targets (n_fake + 1) / (n_fake + 2) and 1 /
 * (n_real + 2). libsvm's own code. Source: Lin, Lin, Weng, A note on Platt's probabilistic outputs for support vector
 * machines (2007). May run on several threads at once.
 */
Sigmoid fit_sigmoid(const double* values, const double* labels, std::size_t count);

}  // namespace unreel::svm
