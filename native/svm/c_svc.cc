#include "svm/c_svc.h"

#include <cmath>

namespace unreel::svm {
namespace {

double dot(const double* x, const double* y, std::size_t dims) {
  double sum = 0;
  for (std::size_t k = 0; k < dims; ++k) sum += x[k] * y[k];
  return sum;
}

double squared_distance(const double* x, const double* y, std::size_t dims) {
  double sum = 0;
  for (std::size_t k = 0; k < dims; ++k) {
    const double difference = x[k] - y[k];
    sum += difference * difference;
  }
  return sum;
}

}  // namespace

double decision_value(const CSvc& svc, const double* x) {
  double sum = 0;
  const double* vector = svc.vectors.data();
  for (double coefficient : svc.coefficients) {
    const double kernel = svc.kernel == Kernel::rbf ? std::exp(-svc.gamma * squared_distance(x, vector, svc.dims))
                                                    : dot(x, vector, svc.dims);
    sum += coefficient * kernel;
    vector += svc.dims;
  }
  return sum - svc.rho;
}

}  // namespace unreel::svm
