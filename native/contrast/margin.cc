#include "contrast/margin.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "contrast/anchor_terms.h"

namespace unreel::contrast {

double margin_loss(const UnitRows& rows, const std::int32_t* labels, double margin, int threads, double* dz) {
  if (rows.rows() < 2) return 0;
  // Every pair is met twice, once from each end.
  const double share = 1 / (static_cast<double>(rows.rows()) * static_cast<double>(rows.rows() - 1));
  std::vector<double> losses(rows.rows());
  const AnchorTerm term = [&](std::size_t i, double* values) {
    double sum = 0;
    for (std::size_t j = 0; j < rows.rows(); ++j) {
      const double square = values[j];
      if (labels[j] == labels[i]) {
        sum += square;
        values[j] = share;
        continue;
      }
      const double distance = std::sqrt(square);
      const double missing = std::max(0.0, margin - distance);
      sum += missing * missing;
      values[j] = distance > kSmallestDistance ? -share * missing / distance : 0;
    }
    losses[i] = share * sum;
  };
  const AnchorTerms terms(rows, threads);
  dz != nullptr ? terms.add_symmetric_gradient(term, dz) : terms.visit(term);
  return std::accumulate(losses.begin(), losses.end(), 0.0);
}

}  // namespace unreel::contrast
