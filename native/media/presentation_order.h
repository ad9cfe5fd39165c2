// Wanted frames put into presentation order, whatever order they arrive in.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "media/frame.h"

namespace unreel::media {

/**
 * Keeps account of the wanted frames of one run.
 *
 * Decoders mostly hand frames out in presentation order, but a stream that lies about its reordering depth makes them
 * hand some out too early. A frame waits while a lower wanted one has not come; after kWindow further frames of the
 * decoder the lower one may be given up as missing.
 */
class PresentationOrder {
 public:
  /// Frames that the decoder may be out of order by: the most that any codec here reorders (H.264's and HEVC's largest
  /// decoded picture buffer, 16).
  static constexpr int kWindow = 16;

  /// `wanted` ascending, without duplicates. `depth`: what the stream's times say that it is out of order by; parts
  /// that were joined may overlap. Frames wait for at most kWidest.
  PresentationOrder(std::vector<std::int64_t> wanted, int depth);
  static constexpr int kWidest = 256;

  /// Whether frame `index` is wanted and was neither put nor given up yet.
  bool wants(std::int64_t index) const;

  /// A wanted frame has come.
  void put(Frame&& frame);

  /// A wanted frame came but is not fit to be handed out.
  void put_damaged(std::int64_t index);

  /// The decoder brought some frame with the number `index`: time passes for those that are waited for. Whether the one
  /// whose turn it is was overtaken by kWindow frames, so that it will not come any more.
  bool arrived(std::int64_t index);

  /// Gives up, as missing, the one whose turn it is and all below the lowest that has come: a decoder that has gone on
  /// so far brings none of them any more.
  void give_up_overtaken();

  /// Gives up a wanted frame that has not come.
  void give_up(std::int64_t index);

  /// The next frame to hand out, if its turn has come.
  std::optional<Frame> take();

  /// No frame follows: what still waits gets its turn.
  void finish();

  /// Whether every wanted frame was taken or given up, so that decoding may end.
  bool complete() const { return next_ == wanted_.size(); }

  std::int64_t damaged() const { return damaged_; }
  std::int64_t missing() const { return missing_; }

 private:
  void pass_over_settled();

  std::vector<std::int64_t> wanted_;
  std::size_t next_ = 0;                               ///< position in wanted_ of the frame whose turn it is
  std::map<std::int64_t, std::optional<Frame>> come_;  ///< by number; empty for a damaged one
  std::int64_t newest_ = 0;                            ///< the number that arrived last
  int window_;
  int overtaken_ = 0;  ///< frames beyond the one whose turn it is that the decoder has brought
  std::int64_t damaged_ = 0;
  std::int64_t missing_ = 0;
};

}  // namespace unreel::media
