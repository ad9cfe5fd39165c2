// Training through libsvm.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "svm/decision_function.h"
#include "svm/kernel_source.h"
#include "svm/parameters.h"
#include "svm/rows_view.h"

namespace unreel::svm {

/// The kernel matrix of the rows `order` of x, exact or fast as the parameters say.
std::unique_ptr<KernelSource> kernel_of(const RowsView& x, const std::vector<std::size_t>& order,
                                        const Parameters& parameters, int threads);

/**
 * svm_train on finite rows with labels 1 and 0, both present; of one class, labels are not looked at.
 * The result keeps nothing of the caller's memory. Throws diverged when the solver ends without finite coefficients,
 * and invalid_argument for a nu that the labels make infeasible. Several threads may train at once.
 */
DecisionFunction train_decision_function(const RowsView& x, const std::int32_t* labels, const Parameters& parameters,
                                         const TrainingControl& control);

}  // namespace unreel::svm
