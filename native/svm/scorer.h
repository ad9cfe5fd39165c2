// Decision values of many rows, libsvm's in every bit.
#pragma once

#include <cstddef>

#include "svm/c_svc.h"
#include "svm/lane_products.h"

namespace unreel::svm {

/**
 * Scores rows with a C-SVC: kernels of several rows and several support vectors at a time, one support vector a lane,
 * and sums over support vectors in libsvm's order. What decision_value() of c_svc.h gives, which is the reference.
 * Immutable, so any thread may score. Holds a second copy of the support vectors, laid out for lanes.
 */
class Scorer {
 public:
  explicit Scorer(const CSvc& svc);

  /// x: rows x dims; out: rows, positive for the class of labels[0]. One thread.
  void score(const double* x, std::size_t rows, double* out) const;

 private:
  void score_together(const double* x, std::size_t rows, double* sums) const;
  void add_block(const double* const* rows, std::size_t count, std::size_t block, double* sums) const;

  Kernel kernel_;
  double gamma_;
  double rho_;
  std::vector<double> coefficients_;
  LaneVectors vectors_;
};

}  // namespace unreel::svm
