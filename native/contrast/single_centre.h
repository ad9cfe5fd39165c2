// The single-centre loss: real rows stand close together, fake ones anywhere farther away.
#pragma once

#include <cstdint>

#include "contrast/unit_rows.h"

namespace unreel::contrast {

/**
 * L = M_nat + max(0, M_nat - M_man + margin). M_nat, M_man: the mean distance |z - c| of real (label 0) and fake (label
 * 1) rows to the centre c, which is the mean of the batch's real z; the gradient goes through c as well.
 * Source: Li et al., Frequency-aware Discriminative Feature Learning Supervised by Single-Center Loss for Face Forgery
 * Detection, CVPR 2021. There the features are not normalised, the margin is m sqrt(D) with m = 0.3, and c is a
 * parameter that is learnt; here z are unit vectors and c stands in the unit ball, so the margin is
 * a distance as it is, between 0 and 2.
 *
 * 0 without a real row; M_nat without a fake one. The gradient is 0 for a row within 1e-12 of the centre, and for the
 * hinge where it stands at 0. One thread: O(rows x dims) time and memory.
 *
 * dz: rows x dims, to which dL/dz is added; null: not computed.
 */
double single_centre(const UnitRows& rows, const std::int32_t* labels, double margin, double* dz);

}  // namespace unreel::contrast
