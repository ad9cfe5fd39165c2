// Training on features of one scale, for features of any.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "contrast/trainer.h"

namespace unreel::contrast {

struct StandardizedTraining {
  TrainingResult result;     ///< its heads take standardised rows
  std::optional<Head> head;  ///< the best one, for rows as they are; none where no epoch was whole
};

/**
 * train_head() on rows that were standardised over the training part (standard.h), with the standard folded into the
 * first layer of the head that is kept. blocks: how many numbers of a row come from each encoder; none: rows are taken
 * as they are. threads: for the standard; the bits do not depend on it. Throws what train_head() throws.
 */
StandardizedTraining train_standardized(const Device& device, const TrainingRows& rows,
                                        const std::vector<std::size_t>& blocks, int threads,
                                        const TrainerOptions& options, const TrainingHooks& hooks,
                                        const TrainerState* from);

}  // namespace unreel::contrast
