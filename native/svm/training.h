// Training through libsvm.
#pragma once

#include <cstddef>
#include <cstdint>

#include "svm/decision_function.h"
#include "svm/model.h"

namespace unreel::svm {

/**
 * svm_train on rows x dims finite doubles with labels 1 and 0, both present; of one class, labels are not looked at.
 * The result keeps nothing of the caller's memory. Throws diverged when the solver ends without finite coefficients,
 * and invalid_argument for a nu that the labels make infeasible. Several threads may train at once.
 */
DecisionFunction train_decision_function(const double* x, const std::int32_t* labels, std::size_t rows,
                                         std::size_t dims, const Parameters& parameters,
                                         const TrainingControl& control);

}  // namespace unreel::svm
