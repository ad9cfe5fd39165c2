#include "contrast/training_parts.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "contrast/arguments.h"

namespace unreel::contrast {
namespace {

void require_labels(const std::int32_t* labels, std::size_t rows) {
  for (std::size_t row = 0; row < rows; ++row) {
    if (labels[row] == 0 || labels[row] == 1) continue;
    throw Error(ErrorCode::invalid_argument, "The label of row " + std::to_string(row) + " is " +
                                                 std::to_string(labels[row]) + "; labels are 1 (fake) and 0 (real).")
        .with("row", static_cast<std::int64_t>(row))
        .with("value", std::int64_t{labels[row]});
  }
}

/// Both classes, and two rows of one of them, without which no row has a positive. `which` names the rows in messages.
void require_pairs(const std::int32_t* labels, const RowList& rows, const std::string& which) {
  const auto fakes = static_cast<std::size_t>(
      std::count_if(rows.begin(), rows.end(), [labels](std::size_t row) { return labels[row] == 1; }));
  if (fakes == 0 || fakes == rows.size()) {
    throw Error(ErrorCode::one_class, "All " + std::to_string(rows.size()) + " " + which + " are " +
                                          (fakes == 0 ? "real" : "fake") + "; both classes are needed.")
        .with("rows", static_cast<std::int64_t>(rows.size()));
  }
  if (rows.size() > 2) return;
  throw Error(ErrorCode::invalid_argument, "The " + which +
                                               " are one real and one fake: the contrastive loss compares rows of one "
                                               "class, so give at least two rows of a class.")
      .with("rows", static_cast<std::int64_t>(rows.size()));
}

}  // namespace

TrainingParts::TrainingParts(const TrainingRows& rows) {
  if (rows.x->rows() == 0) throw bad_argument("rows", "at least 1", 0);
  if (rows.x->dims() == 0) throw bad_argument("dims", "at least 1", 0);
  require_labels(rows.labels, rows.x->rows());
  for (std::size_t row = 0; row < rows.x->rows(); ++row) {
    const bool chooses = rows.validation != nullptr && rows.validation[row] != 0;
    (chooses ? validation : training).push_back(row);
  }
  require_pairs(rows.labels, training, "training rows");
  if (!validation.empty()) require_pairs(rows.labels, validation, "validation rows");
}

RowList evenly(const RowList& rows, std::size_t most) {
  if (rows.size() <= most) return rows;
  RowList some(most);
  for (std::size_t i = 0; i < most; ++i) some[i] = rows[i * rows.size() / most];
  return some;
}

}  // namespace unreel::contrast
