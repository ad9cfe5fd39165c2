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
 * embeddings: rows x dims, at least one of each, un-normalised (u) and finite. labels: one class a row, any values.
 * temperature: finite, above 0, with a finite inverse. contrastive_loss() checks them. Returns the loss; 0 with a zero
 * gradient when V is empty. Where |u_i| < 1e-12 the norm is a constant, so dL/du_i = 1e12 dL/dz_i.
 *
 * Batches of more than 64 rows with 2 / temperature up to 80 are worked on in float, tile by tile, where the CPU has
 * vectors; all others in double. So is, at ten to twenty times the time, the gradient of a batch whose rows have all
 * but settled, which float cannot bear (supcon_tiled.h). The same bits for any threads >= 1. Several threads may call
 * it at once, each with a workspace of its own.
 */
double supcon(const float* embeddings, const std::int32_t* labels, LossShape shape, double temperature, int threads,
              const LossGradient& gradient, LossWorkspace& workspace);

/// The same in double precision, written straight from the formula: the reference for tests.
double supcon_reference(const double* embeddings, const std::int32_t* labels, LossShape shape, double temperature,
                        double* gradient);

}  // namespace unreel::contrast
