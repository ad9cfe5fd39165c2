// Losses that are a sum over anchors of a function of the anchor's distances to all rows.
#pragma once

#include <cstddef>
#include <functional>

#include "contrast/unit_rows.h"

namespace unreel::contrast {

/// What one anchor adds to a loss. `values`: one a row, in: |z_anchor - z_j|^2, exactly 0 for equal rows; out: the
/// term's derivative by each of them. It keeps the term itself where it likes, by anchor. Called from several threads,
/// once an anchor, in no certain order.
using AnchorTerm = std::function<void(std::size_t anchor, double* values)>;

/**
 * Distances come from differences, so those of rows that are nearly one are exact too; 8 x rows of them live at a time,
 * per thread. All sums run in an order that depends on the shape alone: the same bits for any threads >= 1.
 */
class AnchorTerms {
 public:
  /// `rows` must outlive it.
  AnchorTerms(const UnitRows& rows, int threads) : rows_(rows), threads_(threads) {}

  /// Calls `term` for each anchor; the derivatives are dropped.
  void visit(const AnchorTerm& term) const;

  /// The same, and adds the terms' gradient to dz (rows x dims). 64 x rows derivatives live at a time.
  void add_gradient(const AnchorTerm& term, double* dz) const;

  /// The same where a pair's two terms have the same derivative by their distance: half the work.
  void add_symmetric_gradient(const AnchorTerm& term, double* dz) const;

 private:
  const UnitRows& rows_;
  int threads_;
};

}  // namespace unreel::contrast
