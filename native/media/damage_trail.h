// Which frames a broken packet spoils.
#pragma once

#include <cstdint>
#include <deque>

#include "media/av_ptr.h"
#include "media/packet_index.h"

namespace unreel::media {

/**
 * libav marks a frame whose own data is broken; it does not mark the frames predicted from it. This follows the damage:
 * in decoding order, every packet after a break is suspect until a key frame has been decoded whole, and then still
 * those that are shown before that key frame. Not thread-safe.
 */
class DamageTrail {
 public:
  /// Streams of codecs without prediction between frames have no trail.
  explicit DamageTrail(AVCodecID codec);

  /// A packet went into the decoder; `accepted` false when the decoder refused it. `role` is what the index knows of
  /// the packet, null where there is none.
  void sent(const AVPacket& packet, bool accepted, const PacketRole* role);

  /// Whether the frame is damaged, by itself or by what it was predicted from. Once for every frame that comes out.
  bool spoils(const AVFrame& frame);

 private:
  enum class Spread { unknown, none, far };  ///< whether others are predicted from a frame

  struct Sent {
    std::int64_t pts;
    bool key;
    bool suspect;
    Spread spread;
  };

  void spread_from(std::deque<Sent>::iterator later);

  bool intra_only_;
  bool broken_ = false;  ///< no whole key frame has come since the last break
  /// Frames before this time are suspect: they stand behind the key frame that ended a break and may look back beyond
  /// it.
  std::int64_t suspect_before_ = INT64_MIN;
  std::deque<Sent> pending_;  ///< in decoding order, those whose frame has not come out; bounded
};

}  // namespace unreel::media
