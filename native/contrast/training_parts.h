// The two parts of training rows: those that train, and those that choose.
#pragma once

#include <cstddef>
#include <vector>

#include "contrast/trainer.h"

namespace unreel::contrast {

using RowList = std::vector<std::size_t>;

/// Row indices, ascending.
struct TrainingParts {
  RowList training;
  RowList validation;  ///< may be empty

  /// Throws invalid_argument (no rows, a label other than 0 and 1, a part without two rows of a class), one_class.
  explicit TrainingParts(const TrainingRows& rows);
};

/// At most `most` items of a list, evenly spread, in order.
RowList evenly(const RowList& rows, std::size_t most);

}  // namespace unreel::contrast
