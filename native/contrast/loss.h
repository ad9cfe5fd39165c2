// A loss of a batch of embeddings with labels, and its exact gradient.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "contrast/loss_workspace.h"

namespace unreel::contrast {

struct LossShape {
  std::size_t rows = 0;
  std::size_t dims = 0;
};

enum class LossKind { supcon, align_uniform, triplet, margin, single_centre };

/// Which triplets a triplet loss looks at: each anchor's farthest positive and nearest negative, or every triplet.
enum class TripletMining { hard, all };

/// A loss of a linear classifier on z that is added to a contrastive one.
enum class LossTerm { none, cross_entropy, hinge };

/// Which loss, and its numbers. Those of other kinds are not looked at.
struct LossOptions {
  LossKind kind = LossKind::supcon;

  double temperature = 0.07;    ///< of supcon; above 0
  double base_temperature = 0;  ///< of supcon; the loss times temperature / base_temperature, 0: without that factor

  double align_alpha = 2;     ///< of align_uniform; the power of a distance, from 1 to 8
  double align_weight = 1;    ///< of align_uniform; at least 0
  double uniform_weight = 1;  ///< of align_uniform; at least 0
  double uniform_t = 2;       ///< of align_uniform; above 0 and at most 100, where no exponential underflows

  /// Of triplet, margin and single_centre; a distance of unit vectors, above 0 and at most 2. default_margin() where it
  /// is not set.
  std::optional<double> margin;
  TripletMining mining = TripletMining::hard;  ///< of triplet

  LossTerm term = LossTerm::none;  ///< added to any kind
  double term_weight = 1;          ///< at least 0
};

/// 1 for margin, 0.3 for triplet and single_centre.
constexpr double default_margin(LossKind kind) { return kind == LossKind::margin ? 1 : 0.3; }

/// Rows and what goes with them; borrowed. T: float, or double for the reference.
template <class T>
struct BasicLossBatch {
  const T* embeddings = nullptr;         ///< rows x dims, u
  const std::int32_t* labels = nullptr;  ///< one class a row; 1 (fake) and 0 (real) for single_centre and every term
  LossShape shape;
  const T* classifier = nullptr;  ///< dims weights, then the bias; for a term alone
};
using LossBatch = BasicLossBatch<float>;

/// Where a gradient goes; what is null is not computed.
template <class T>
struct BasicLossGradient {
  T* embeddings = nullptr;        ///< rows x dims, dL/du, cut to T's range
  double* temperature = nullptr;  ///< dL/d(1 / temperature); 0 for kinds that have none
  T* classifier = nullptr;        ///< dims + 1, in the classifier's layout; 0 without a term
};
using LossGradient = BasicLossGradient<float>;

/**
 * The loss of rows u, normalised inside: z_i = u_i / max(|u_i|, 1e-12). Where |u_i| < 1e-12 the norm is a constant, so
 * dL/du_i = 1e12 dL/dz_i. The formula stands with each kind's own function; with a term, term_weight times
 * classification_term() is added. Where a loss is not differentiable the gradient is a subgradient that those functions
 * name. A batch without anything to compare (one row, one class absent) has the loss that they name, never NaN.
 *
 * Memory O(rows x dims), in double but for supcon. The same bits for any threads >= 1. Several threads may call it at
 * once, each with a workspace of its own. Throws invalid_argument (no rows, no dims,
 * an option outside its range, a label other than 0 and 1 where only these have a meaning, no classifier with a term),
 * not_finite (names row and column).
 */
double contrastive_loss(const LossBatch& batch, const LossOptions& options, int threads, const LossGradient& gradient,
                        LossWorkspace& workspace);

/// The same on rows in double, and by supcon_reference() for supcon, where gradient.temperature must be null: for
/// checks against finite differences.
double contrastive_loss_reference(const BasicLossBatch<double>& batch, const LossOptions& options, int threads,
                                  const BasicLossGradient<double>& gradient);

}  // namespace unreel::contrast
