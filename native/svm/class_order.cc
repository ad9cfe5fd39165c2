#include "svm/class_order.h"

#include <algorithm>

namespace unreel::svm {

ClassOrder::ClassOrder(const std::int32_t* all_labels, const std::vector<std::size_t>& chosen)
    : labels{all_labels[chosen.front()], 1 - all_labels[chosen.front()]} {
  rows.reserve(chosen.size());
  y.reserve(chosen.size());
  for (const int label : labels) {
    for (const std::size_t row : chosen) {
      if (all_labels[row] != label) continue;
      rows.push_back(row);
      y.push_back(label == labels[0] ? 1 : -1);
    }
  }
}

double ClassOrder::c(std::size_t which, const Parameters& parameters) const {
  return parameters.c * (labels[which] == 1 ? parameters.weight_fake : parameters.weight_real);
}

DecisionFunction ClassOrder::function(const RowsView& x, const CSvcSolution& solution) const {
  DecisionFunction function;
  function.labels = labels;
  function.rho = solution.rho;
  function.dims = x.dims();
  const auto zeros = std::count(solution.coefficients.begin(), solution.coefficients.end(), 0.0);
  const std::size_t vectors = solution.coefficients.size() - static_cast<std::size_t>(zeros);
  function.coefficients.reserve(vectors);
  function.vectors.reserve(vectors * x.dims());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (solution.coefficients[i] == 0) continue;
    ++function.counts[y[i] > 0 ? 0 : 1];
    function.coefficients.push_back(solution.coefficients[i]);
    for (std::size_t k = 0; k < x.dims(); ++k) function.vectors.push_back(x.at(rows[i], k));
  }
  return function;
}

}  // namespace unreel::svm
