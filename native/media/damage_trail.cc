#include "media/damage_trail.h"

#include <algorithm>
#include <cstddef>

#include "media/packet_decoder.h"

namespace unreel::media {
namespace {

/// More packets than any decoder here holds back; older ones bring no frame any more.
constexpr std::size_t kMostPending = 64;

}  // namespace

DamageTrail::DamageTrail(AVCodecID codec) {
  const AVCodecDescriptor* descriptor = avcodec_descriptor_get(codec);
  intra_only_ = descriptor != nullptr && (descriptor->props & AV_CODEC_PROP_INTRA_ONLY) != 0;
}

void DamageTrail::sent(const AVPacket& packet, bool accepted) {
  if (intra_only_) return;
  const bool key = (packet.flags & AV_PKT_FLAG_KEY) != 0;
  if (!accepted)
    broken_ = true;
  else if (key)
    broken_ = false;
  pending_.push_back({packet.pts, key, broken_});
  if (pending_.size() > kMostPending) pending_.pop_front();
}

bool DamageTrail::spoils(const AVFrame& frame) {
  const bool damaged = is_damaged(frame);
  if (intra_only_) return damaged;
  const auto own =
      std::find_if(pending_.begin(), pending_.end(), [&](const Sent& sent) { return sent.pts == frame.pts; });
  const bool suspect = own == pending_.end() ? broken_ : own->suspect;
  // Concealed errors spread; B-frames are rarely predicted from. A frame that is merely not recovered yet (CORRUPT
  // alone) is followed up by libav itself.
  if (frame.decode_error_flags != 0 && frame.pict_type != AV_PICTURE_TYPE_B) {
    auto later = own == pending_.end() ? pending_.begin() : own + 1;
    for (; later != pending_.end() && !later->key; ++later) later->suspect = true;
    if (later == pending_.end()) broken_ = true;
  }
  if (own != pending_.end()) pending_.erase(own);
  return damaged || suspect;
}

}  // namespace unreel::media
