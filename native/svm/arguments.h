// Checks of what a caller gives.
#pragma once

#include <cstdint>

#include "svm/c_svc_solver.h"
#include "svm/parameters.h"
#include "svm/rows_view.h"

namespace unreel::svm {

/// Throws invalid_argument, naming the parameter.
void require_parameters(const Parameters& parameters);
/// Throws not_finite with row and column, from 0.
void require_finite(const RowsView& x);
/// The same for a number beyond float's range too.
void require_finite_floats(const RowsView& x);
/// What Model::train says of rows and labels: throws invalid_argument, one_class, not_finite.
void require_training_rows(const RowsView& x, const std::int32_t* labels, const Parameters& parameters);
/// Throws diverged.
void require_finite_solution(const CSvcSolution& solution);

}  // namespace unreel::svm
