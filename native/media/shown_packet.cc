#include "media/shown_packet.h"

#include <cstdint>

namespace unreel::media {
namespace {

bool vp8_is_shown(const AVPacket& packet) { return (packet.data[0] & 0x10) != 0; }

bool vp9_is_superframe(const AVPacket& packet) {
  const std::uint8_t marker = packet.data[packet.size - 1];
  if ((marker & 0xe0) != 0xc0) return false;
  const int frames = (marker & 7) + 1;
  const int bytes_per_size = ((marker >> 3) & 3) + 1;
  const int index_size = 2 + bytes_per_size * frames;
  return packet.size >= index_size && packet.data[packet.size - index_size] == marker;
}

bool vp9_is_shown(const AVPacket& packet) {
  if (vp9_is_superframe(packet)) return true;
  // frame_marker 2, profile_low 1, profile_high 1, reserved 1 in profile 3, show_existing_frame 1, frame_type 1,
  // show_frame 1.
  const unsigned first = packet.data[0];
  const unsigned profile = ((first >> 5) & 1) | ((first >> 3) & 2);
  const unsigned second = packet.size > 1 ? packet.data[1] : 0;
  const unsigned bits = (first << 8) | second;
  const int show_existing = profile == 3 ? 10 : 11;
  if (((bits >> show_existing) & 1) != 0) return true;
  return ((bits >> (show_existing - 2)) & 1) != 0;
}

}  // namespace

bool is_shown(const AVPacket& packet, AVCodecID codec) {
  if ((packet.flags & AV_PKT_FLAG_DISCARD) != 0) return false;
  if (packet.size < 1) return false;
  if (codec == AV_CODEC_ID_VP8) return vp8_is_shown(packet);
  if (codec == AV_CODEC_ID_VP9) return vp9_is_shown(packet);
  return true;
}

}  // namespace unreel::media
