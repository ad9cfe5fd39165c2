// A loss of a batch of embeddings with labels, and its exact gradient.
#pragma once

#include <cstddef>
#include <cstdint>

namespace unreel::contrast {

struct LossShape {
  std::size_t rows = 0;
  std::size_t dims = 0;
};

enum class LossKind { supcon };

/// Which loss, and its numbers. Those of other kinds are not looked at.
struct LossOptions {
  LossKind kind = LossKind::supcon;
  double temperature = 0.07;
};

/// Where a gradient goes; what is null is not computed.
struct LossGradient {
  float* embeddings = nullptr;    ///< rows x dims, dL/du, cut to float's range
  double* temperature = nullptr;  ///< dL/d(1 / temperature); 0 for kinds that have none
};

/**
 * The loss of rows u, normalised inside: z_i = u_i / max(|u_i|, 1e-12). Where |u_i| < 1e-12 the norm is a constant, so
 * dL/du_i = 1e12 dL/dz_i. The formula stands with each kind's own function.
 *
 * embeddings: rows x dims, u. labels: one class a row. The same bits for any threads >= 1. Several threads may call it
 * at once. Throws invalid_argument (no rows, no dims, an option outside its range), not_finite (names row and column).
 */
double contrastive_loss(const float* embeddings, const std::int32_t* labels, LossShape shape,
                        const LossOptions& options, int threads, const LossGradient& gradient);

}  // namespace unreel::contrast
