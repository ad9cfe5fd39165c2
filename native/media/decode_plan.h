// Which packets have to be decoded for the wanted frames: a pure function over the packet index.
#pragma once

#include <cstdint>
#include <vector>

#include "media/packet_index.h"

namespace unreel::media {

/// What the executor pays, in units of one decoded packet.
struct DecodeCosts {
  /// For leaving a place and beginning at another: emptying the decoder, seeking, filling it again.
  double jump = 2;

  /// As `jump`: never go on to another random access point, so that the stretches are as many as can be.
  static constexpr double kSplit = -1;
};

/// One run of a decoder: it begins empty at `first`, a random access point or the stream's beginning, is sent the
/// packets that the plan keeps up to `last`, both included, and is drained.
struct Stretch {
  std::int64_t first = 0;
  std::int64_t last = 0;
};

struct DecodePlan {
  std::vector<Stretch> stretches;  ///< in decoding order; they do not overlap
  std::vector<bool> sent;          ///< of every packet of the index: whether a decoder sees it
};

/// Where a decoder has to begin for a frame. The index outlives it.
class StartPoints {
 public:
  explicit StartPoints(const PacketIndex& packets);

  /// For the frame of the packet at `position`: the last random access point at or before it in both orders, else 0.
  std::int64_t start_for(std::int64_t position) const;

 private:
  const PacketIndex& packets_;
  std::vector<std::int64_t> points_;
};

/**
 * The plan for the frames of the packets at `wanted` (positions, ascending, without duplicates).
 *
 * A frame is reached from where StartPoints says. On the way everything is sent but droppable packets that are not
 * wanted themselves, and leading packets of a random access point of which none is wanted. Between two wanted frames
 * the decoder goes on when the packets between cost no more than `costs.jump`, else it jumps.
 */
DecodePlan plan_decoding(const PacketIndex& packets, const std::vector<std::int64_t>& wanted, const DecodeCosts& costs);

}  // namespace unreel::media
