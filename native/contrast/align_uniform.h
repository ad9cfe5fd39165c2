// Alignment of a class and uniformity of all rows on the sphere.
#pragma once

#include <cstdint>

#include "contrast/unit_rows.h"

namespace unreel::contrast {

/**
 * L = align_weight A + uniform_weight U, with
 * A = mean over pairs i < j of one label of |z_i - z_j|^align_alpha,
 * U = log mean over all pairs i < j of exp(-uniform_t |z_i - z_j|^2).
 * Source: Wang & Isola, Understanding Contrastive Representation Learning through Alignment and Uniformity on the
 * Hypersphere, ICML 2020, section 4.1, with rows of one label as the positive pairs (as GenD has it, whose weights
 * beside a cross-entropy are 0.1 and 0.5). Unlike GenD's code, U is not cut at log 1e-6.
 *
 * A is 0 without a pair of one label, U is 0 for a single row. The gradient of A is taken as 0 at distances of at
 * most 1e-12. Memory O(rows x dims).
 *
 * dz: rows x dims, to which dL/dz is added; null: not computed.
 */
double align_uniform(const UnitRows& rows, const std::int32_t* labels, const LossOptions& options, int threads,
                     double* dz);

}  // namespace unreel::contrast
