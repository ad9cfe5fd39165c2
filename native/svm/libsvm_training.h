// Training through svm_train.
#pragma once

#include <cstdint>

#include "svm/decision_function.h"
#include "svm/parameters.h"
#include "svm/rows_view.h"

namespace unreel::svm {

/// svm_train on a sparse copy of the rows; kernel, formulation and dims are left to the caller. Throws invalid_argument
/// for a nu that the labels make infeasible. Several threads may train at once.
DecisionFunction train_by_libsvm(const RowsView& x, const std::int32_t* labels, const Parameters& parameters);

}  // namespace unreel::svm
