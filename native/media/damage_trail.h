// Which frames a broken packet spoils.
#pragma once

#include <cstdint>
#include <deque>

#include "media/av_ptr.h"

namespace unreel::media {

/**
 * libav marks a frame whose own data is broken; it does not mark the frames predicted from it. This follows the damage:
 * in decoding order, every packet after a break is suspect until a key frame has been decoded whole. Not thread-safe.
 */
class DamageTrail {
 public:
  /// Streams of codecs without prediction between frames have no trail.
  explicit DamageTrail(AVCodecID codec);

  /// A packet went into the decoder; `accepted` false when the decoder refused it.
  void sent(const AVPacket& packet, bool accepted);

  /// Whether the frame is damaged, by itself or by what it was predicted from. Once for every frame that comes out.
  bool spoils(const AVFrame& frame);

 private:
  struct Sent {
    std::int64_t pts;
    bool key;
    bool suspect;
  };

  bool intra_only_;
  bool broken_ = false;       ///< no whole key frame has come since the last break
  std::deque<Sent> pending_;  ///< in decoding order, those whose frame has not come out; bounded
};

}  // namespace unreel::media
