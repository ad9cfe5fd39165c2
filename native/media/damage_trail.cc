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

void DamageTrail::sent(const AVPacket& packet, bool accepted, const PacketRole* role) {
  if (intra_only_) return;
  const bool key = (packet.flags & AV_PKT_FLAG_KEY) != 0;
  const Spread spread = role == nullptr ? Spread::unknown : role->droppable ? Spread::none : Spread::far;
  if (key && accepted) suspect_before_ = broken_ ? packet.pts : INT64_MIN;
  if (!accepted && spread != Spread::none)
    broken_ = true;
  else if (key)
    broken_ = false;
  pending_.push_back({packet.pts, key, broken_ || packet.pts < suspect_before_, spread});
  if (pending_.size() > kMostPending) pending_.pop_front();
}

bool DamageTrail::spoils(const AVFrame& frame) {
  const bool damaged = is_damaged(frame);
  if (intra_only_) return damaged;
  const auto own =
      std::find_if(pending_.begin(), pending_.end(), [&](const Sent& sent) { return sent.pts == frame.pts; });
  const bool suspect = own == pending_.end() ? broken_ : own->suspect;
  // A frame that is merely not recovered yet (CORRUPT alone) is followed up by libav itself.
  if (frame.decode_error_flags != 0) {
    Spread spread = own == pending_.end() ? Spread::unknown : own->spread;
    // Without an index: B-frames are rarely predicted from.
    if (spread == Spread::unknown) spread = frame.pict_type == AV_PICTURE_TYPE_B ? Spread::none : Spread::far;
    if (spread == Spread::far) spread_from(own == pending_.end() ? pending_.begin() : own + 1);
  }
  if (own != pending_.end()) pending_.erase(own);
  return damaged || suspect;
}

void DamageTrail::spread_from(std::deque<Sent>::iterator later) {
  for (; later != pending_.end() && !later->key; ++later) later->suspect = true;
  if (later == pending_.end()) {
    broken_ = true;
    return;
  }
  suspect_before_ = later->pts;
  for (; later != pending_.end(); ++later) {
    if (later->key) suspect_before_ = std::min(suspect_before_, later->pts);
    later->suspect |= later->pts < suspect_before_;
  }
}

}  // namespace unreel::media
