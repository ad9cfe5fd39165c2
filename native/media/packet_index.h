// Every packet of a stream in decoding order, and what the packets are to each other. Plain numbers, no libav.
#pragma once

#include <cstdint>
#include <vector>

namespace unreel::media {

/// pts or dts of a packet that has none: libav's AV_NOPTS_VALUE.
constexpr std::int64_t kNoTime = INT64_MIN;

/// What a packet is to the packets around it in decoding order.
struct PacketRole {
  /// Nothing else depends on it: without it all other frames decode to the same bytes.
  bool droppable = false;
  /// A decoder that begins here brings this frame, and all that follow it in both orders, as one that came from the
  /// start does. More than a container's key flag says.
  bool random_access = false;
  /// Shown before the random access point that it follows in decoding order, which those after it never depend on.
  bool leading = false;
  /// A reference that it may depend on is not in the stream any more.
  bool misses_reference = false;
  /// HEVC's TemporalId; 0 elsewhere. `droppable` holds within the layer, so it is final for the highest layer alone.
  std::uint8_t temporal_layer = 0;
};

struct PacketEntry {
  std::int64_t pts = kNoTime;  ///< in the stream's time base
  std::int64_t dts = kNoTime;
  std::int64_t byte = -1;  ///< position in the source; -1 where the demuxer does not say
  std::int32_t size = 0;   ///< bytes
  bool key = false;        ///< the container's own key flag
  bool cut = false;        ///< the file ends within the packet
  bool spoiled = false;    ///< whatever is decoded from it is damaged: cut, or behind a lost reference
  bool shown = true;       ///< brings a frame
  PacketRole role;
};

/// In decoding order. A position is an index into it.
using PacketIndex = std::vector<PacketEntry>;

/// To be called once all packets are known: marks as spoiled what is cut, and what follows a lost reference up to the
/// next key packet, in both orders.
void settle_losses(PacketIndex& packets);

/// To be called once all packets are known: packets below the highest temporal layer may be needed by those above.
void settle_layers(PacketIndex& packets);

/// How many frames at most come before a frame in decoding order and after it in presentation order: what a decoder has
/// to hold back to bring frames in presentation order.
int reorder_depth(const PacketIndex& packets);

}  // namespace unreel::media
