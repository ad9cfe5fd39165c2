// The rows of a training set, class by class.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "svm/c_svc_solver.h"
#include "svm/decision_function.h"
#include "svm/parameters.h"
#include "svm/rows_view.h"

namespace unreel::svm {

/// libsvm's order: the class of the first row, which is the positive one, then the other. Source: libsvm 3.37 svm.cpp,
/// svm_group_classes.
struct ClassOrder {
  /// Of some rows of a training set, both classes among them. labels: of the whole set, 1 or 0.
  ClassOrder(const std::int32_t* labels, const std::vector<std::size_t>& chosen);

  std::array<int, 2> labels;
  std::vector<std::size_t> rows;  ///< of the set, in order
  std::vector<signed char> y;     ///< 1 or -1, of each of them

  /// C of the class labels[which].
  double c(std::size_t which, const Parameters& parameters) const;
  /// The support vectors of a solution in this order, without kernel and formulation.
  DecisionFunction function(const RowsView& x, const CSvcSolution& solution) const;
};

}  // namespace unreel::svm
