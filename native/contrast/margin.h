// The pairwise contrastive loss with a margin.
#pragma once

#include <cstdint>

#include "contrast/unit_rows.h"

namespace unreel::contrast {

/**
 * L = mean over all pairs i < j of d^2 for rows of one label, max(0, margin - d)^2 for others; d = |z_i - z_j|, from 0
 * to 2. Source: Hadsell, Chopra & LeCun, Dimensionality Reduction by Learning an Invariant Mapping, CVPR 2006, eq. 4,
 * without its factor 1/2.
 *
 * 0 for a single row. Rows of different labels with d <= 1e-12 have no direction to part in: the gradient is taken as
 * 0.
 * Memory O(rows x dims).
 *
 * dz: rows x dims, to which dL/dz is added; null: not computed.
 */
double margin_loss(const UnitRows& rows, const std::int32_t* labels, double margin, int threads, double* dz);

}  // namespace unreel::contrast
