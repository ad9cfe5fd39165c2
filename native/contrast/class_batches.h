// Batches of a training part with as many rows of the one class as of the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/random.h"

namespace unreel::contrast {

/**
 * Draws epochs of class-balanced batches from rows of two classes.
 *
 * In an epoch every row of the larger class stands in exactly one batch: they are shuffled and cut into as few nearly
 * equal parts as fit half a batch. Each part is joined by as many rows of the smaller class, or all of them where there
 * are fewer. Those come from a shuffled deck that is dealt again and again, also across epochs: no row comes again
 * before all others of its class came as often, and none stands twice in a batch. With an odd batch the larger class
 * has the extra row. A class of at least two rows is never cut into single rows, which would have no positive: for that
 * a batch of 4 may hold 5 rows.
 *
 * The same rows, sizes and seed: the same batches on every machine. One object per thread.
 */
class ClassBatches {
 public:
  using Batch = std::vector<std::size_t>;

  /// rows: indices into `labels`, of both classes (0 and 1), `labels` is not kept. batch: at least 2.
  ClassBatches(const std::int32_t* labels, const std::vector<std::size_t>& rows, std::size_t batch, std::uint64_t seed);

  /// Batches of an epoch.
  std::size_t count() const { return count_; }

  /// The next epoch: count() batches of row indices, those of the larger class first.
  std::vector<Batch> next_epoch();

 private:
  /// Appends `wanted` rows of the smaller class, at most as many as it has.
  void deal(std::size_t wanted, Batch& batch);

  Random random_;
  std::vector<std::size_t> larger_;
  std::vector<std::size_t> smaller_;
  std::vector<std::size_t>
      deck_;  ///< of the smaller class, those still to come before all come again; dealt from the end
  std::size_t count_ = 0;
  std::size_t deals_ = 0;  ///< rows of the smaller class in a batch, at most
};

}  // namespace unreel::contrast
