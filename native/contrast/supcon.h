// The supervised contrastive loss L_out and its exact gradient.
#pragma once

#include <cstdint>

#include "contrast/loss.h"
#include "contrast/loss_workspace.h"

namespace unreel::contrast {

/**
 * L = (1/|V|) sum over anchors i in V of -1/|P(i)| sum over p in P(i) of [ s_ip - log sum over a != i of exp(s_ia) ],
 * s_ij = z_i . z_j / temperature, z_i = u_i / max(|u_i|, 1e-12), P(i) = the other rows of i's label, V = the anchors
 * with |P(i)| > 0. Source: Khosla et al., Supervised Contrastive Learning, NeurIPS 2020, eq. 2 (L_out), without the
 * factor temperature / base temperature. No N x N matrix is kept: memory O(rows x dims).
 *
 * embeddings: rows x dims, un-normalised (u). labels: one class a row, any values. Returns the loss; 0 with a zero
 * gradient when V is empty. Where |u_i| < 1e-12 the norm is a constant, so dL/du_i = 1e12 dL/dz_i. Batches of more than
 * 64 rows are worked on in float (supcon_tiled.h says how well), others in double. The same bits for any threads >= 1.
 * Several threads may call it at once, each
 * with a workspace of its own (null: memory is made and freed). Throws invalid_argument (no rows, no dims, a
 * temperature that is not finite and above 0 or has no finite inverse), not_finite (names row and column).
 */
double supcon(const float* embeddings, const std::int32_t* labels, LossShape shape, double temperature, int threads,
              const LossGradient& gradient, LossWorkspace* workspace = nullptr);

/// The same in double precision, written straight from the formula: the reference for tests.
double supcon_reference(const double* embeddings, const std::int32_t* labels, LossShape shape, double temperature,
                        double* gradient);

}  // namespace unreel::contrast
