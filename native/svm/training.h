// Training through libsvm's own solver.
#pragma once

#include <cstddef>
#include <cstdint>

#include "svm/c_svc.h"
#include "svm/model.h"

namespace unreel::svm {

/**
 * svm_train on rows x dims finite doubles with labels 1 and 0, both present. The result keeps nothing of the caller's
 * memory. Throws diverged when the solver ends without finite coefficients. Several threads may train at once.
 */
CSvc train_c_svc(const double* x, const std::int32_t* labels, std::size_t rows, std::size_t dims,
                 const Parameters& parameters);

}  // namespace unreel::svm
