// Batches of a training part with as many rows of the one class as of the other, a fake beside the real of its source.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/random.h"
#include "contrast/partner_decks.h"

namespace unreel::contrast {

/// What is known of where each row comes from; arrays over all rows, borrowed. Any numbers stand for a video or a
/// group.
struct RowOrigins {
  const std::int32_t* labels = nullptr;   ///< 1 = fake, 0 = real
  const std::uint32_t* videos = nullptr;  ///< null: each row is a video of its own
  const std::uint32_t* groups = nullptr;  ///< a source clip with the fakes made from it; null: no two rows share one
};

struct BatchShape {
  std::size_t rows = 256;            ///< of a batch, at least 2
  std::size_t frames_per_video = 4;  ///< rows of one video of the larger class that stand beside each other, at most
};

/**
 * Draws epochs of class-balanced, paired batches from rows of two classes.
 *
 * In an epoch every row of the larger class stands in exactly one batch. The rows of each video are shuffled and cut
 * into nearly equal blocks of at most `frames_per_video`, the blocks are shuffled, and their sequence is cut into as
 * few nearly equal parts as fit half a batch (a block may fall on both sides of a cut). Each part is joined by as many
 * rows of the smaller class, or all of them where there are fewer: for each block rows of the block's own group, as far
 * as it has any, dealt from a shuffled deck of the group that is dealt again and again, also across epochs. So a fake
 * meets the real that it was made from, the hardest negative. What a group cannot give comes from all rows that are not
 * in the batch, those that came least often first.
 *
 * Rows of the smaller class whose group has none of the larger one would never come where all groups can give. Then
 * each block of more than one row leaves so many of its places to the least often seen as make these rows come as often
 * as the others, but keeps one for its own group; of blocks of one row, so many leave their only place.
 *
 * No row stands twice in a batch. With an odd batch the larger class has the extra row. A class of at least two rows is
 * never cut into single rows, which would have no positive: for that a batch of 4 may hold 5 rows.
 *
 * The same rows, origins, shape and seed: the same batches on every machine. One object per thread.
 */
class ClassBatches {
 public:
  using Batch = std::vector<std::size_t>;

  /// rows: indices into the arrays of `origins`, of both classes; nothing is kept of either.
  ClassBatches(const RowOrigins& origins, const std::vector<std::size_t>& rows, const BatchShape& shape,
               std::uint64_t seed);

  /// Batches of an epoch.
  std::size_t count() const { return count_; }

  /// The next epoch: count() batches of row indices, those of the larger class first. About 0.1 s for a million rows.
  std::vector<Batch> next_epoch();

 private:
  static constexpr std::uint32_t kNoDeck = ~std::uint32_t{0};

  /// Rows [first, first + rows) of larger_, of one video, and their group's deck.
  struct Block {
    std::uint32_t first;
    std::uint32_t rows;
    std::uint32_t deck;
  };

  /// Sorts larger_ by video.
  void cut_blocks(const RowOrigins& origins, std::size_t frames_per_video);
  void pair(const RowOrigins& origins, const std::vector<std::size_t>& smaller);
  /// lone: rows of the smaller class whose group has none of the larger one. filled: places of an epoch that groups of
  /// their own can fill.
  void lend(std::size_t lone, std::size_t filled);
  /// How many of a block's places its own group fills in this batch; notes them in wanted_.
  std::size_t own_places(const Block& block, std::size_t places);
  void join_partners(const std::vector<Block>& blocks, std::size_t wanted, Batch& batch);

  Random random_;
  std::vector<std::size_t> larger_;  ///< video by video
  std::vector<std::size_t> videos_;  ///< where in larger_ each video begins, and the end
  std::vector<Block> blocks_;
  std::optional<PartnerDecks> partners_;
  std::size_t count_ = 0;
  std::size_t deals_ = 0;            ///< rows of the smaller class in a batch, at most
  double lent_share_ = 0;            ///< of the places that groups of their own could fill, for the least often seen
  double lent_ = 0;                  ///< places that are due to those
  std::vector<std::size_t> wanted_;  ///< of each deck for the batch that is being built
};

}  // namespace unreel::contrast
