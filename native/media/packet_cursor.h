// A demuxer that knows at which packet of the index it stands.
#pragma once

#include <cstdint>

#include "media/demuxer.h"
#include "media/packet_index.h"
#include "media/video.h"

namespace unreel::media {

/// Moves over a stream by positions in its index, and checks that what is read is what was indexed. Not thread-safe.
class PacketCursor {
 public:
  enum class Read { packet, end, changed };

  /// All outlive the cursor. The demuxer stands anywhere.
  PacketCursor(Demuxer& demuxer, const PacketIndex& packets, VideoStats& stats)
      : demuxer_(demuxer), packets_(packets), stats_(stats) {}

  /// So that the next packet read is the one at `position`: by reading on, by seeking where that provably leads there,
  /// or from the beginning. Whether it worked; it does not where the stream is another one than when it was indexed.
  bool move_to(std::int64_t position);

  /// The packet at the cursor; `changed` when it is another one than the index says.
  Read read(AVPacket& packet);

  void rewind();

 private:
  bool is_near(std::int64_t position) const;
  const PacketEntry& entry(std::int64_t position) const { return packets_[static_cast<std::size_t>(position)]; }

  Demuxer& demuxer_;
  const PacketIndex& packets_;
  VideoStats& stats_;
  std::int64_t position_ = -1;  ///< -1: not known
};

}  // namespace unreel::media
