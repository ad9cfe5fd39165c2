// Rows of the smaller class, dealt to the batches.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/random.h"

namespace unreel::contrast {

/**
 * Deals rows so that all come about equally often. Each group has a deck, dealt to its end before all of its rows come
 * again. Beside them stands the common choice: of all rows of all groups that are not in the batch, those that came
 * least often so far come next, in random order.
 *
 * One object per thread.
 */
class PartnerDecks {
 public:
  /// groups: rows of each group, none empty.
  explicit PartnerDecks(const std::vector<std::vector<std::size_t>>& groups);

  std::size_t rows() const { return rows_.size(); }
  /// Rows of a group.
  std::size_t rows(std::size_t group) const { return decks_[group].size; }

  /// Begins a batch: no row comes twice between two calls.
  void begin_batch() { ++batch_; }

  /// Appends `wanted` rows of a group, at most as many as it has. At most once a batch for a group, and before
  /// deal_any().
  void deal(std::size_t group, std::size_t wanted, Random& random, std::vector<std::size_t>& batch);

  /// Appends `wanted` rows, at most as many as are not in the batch yet.
  void deal_any(std::size_t wanted, Random& random, std::vector<std::size_t>& batch);

 private:
  /// Places [first, first + left) of `order_` hold the rows that come before all come again; dealt from the end.
  struct Deck {
    std::size_t first = 0;
    std::size_t size = 0;
    std::size_t left = 0;
  };

  void take(std::size_t place, std::vector<std::size_t>& batch);
  void take_from(Deck& deck, std::size_t count, std::vector<std::size_t>& batch);
  void refill(Random& random);

  std::vector<std::size_t> rows_;
  std::vector<std::uint32_t> order_;  ///< places in rows_, deck by deck
  std::vector<Deck> decks_;
  std::vector<std::uint32_t> times_;    ///< how often each row came
  std::vector<std::uint64_t> batches_;  ///< the last batch that each row came in
  std::uint64_t batch_ = 1;
  std::vector<std::uint32_t> least_;  ///< places of rows that came `level_` times when they were listed
  std::uint32_t level_ = 0;
};

}  // namespace unreel::contrast
