// The triplet loss, over each anchor's hardest triplet or over all of them.
#pragma once

#include <cstdint>

#include "contrast/unit_rows.h"

namespace unreel::contrast {

/**
 * The triplet (a, p, n) of an anchor, another row of its label and a row of another one costs
 * max(0, d_ap - d_an + margin), d = |z_i - z_j|.
 * hard: the mean over anchors, each with its farthest positive and nearest negative ("batch hard"). all: the mean over
 * all triplets ("batch all"), zeros among them: so losses of different epochs compare.
 * Source: Hermans, Beyer & Leibe, In Defense of the Triplet Loss for Person Re-Identification, arXiv:1703.07737,
 * section 2. all takes O(rows^2 log rows) time, by sorting, and not rows^3.
 *
 * Rows without a positive or without a negative are no anchors; 0 where there is none. Where several rows are exactly
 * as far, the farthest or nearest of an anchor, each has its share of the gradient. It is 0 where a hinge stands at 0,
 * and for a distance of at most 1e-12, which has no direction. Memory O(rows x dims).
 *
 * dz: rows x dims, to which dL/dz is added; null: not computed.
 */
double triplet(const UnitRows& rows, const std::int32_t* labels, TripletMining mining, double margin, int threads,
               double* dz);

}  // namespace unreel::contrast
