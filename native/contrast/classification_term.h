// The loss of a linear classifier on unit rows, which stands beside a contrastive one.
#pragma once

#include <cstdint>

#include "contrast/unit_rows.h"

namespace unreel::contrast {

/// What the term moves with; what is null is not computed.
struct TermGradient {
  double* dz = nullptr;          ///< rows x dims, to which it is added
  double* classifier = nullptr;  ///< dims + 1, overwritten
};

/**
 * The score of a row is s = w . z + b, y = 1 for a fake row (label 1) and -1 for a real one (label 0).
 * cross_entropy: log(1 + exp(-y s)). hinge: max(0, 1 - y s), with gradient 0 where it stands at 0.
 * The term is the mean over the two classes of the mean over the class's rows, so that the rare class weighs as much as
 * the frequent one; where a class is absent, the mean over the other's rows.
 * Source: the logistic and the hinge loss as textbooks have them; as a companion of a contrastive loss, Koutlis &
 * Papadopoulos (RINE), ECCV 2024.
 *
 * classifier: w (dims), then b. term: not none. All that is computed is times `weight`. One thread: O(rows x dims)
 * time.
 */
double classification_term(const UnitRows& rows, const std::int32_t* labels, const double* classifier, LossTerm term,
                           double weight, const TermGradient& gradient);

}  // namespace unreel::contrast
