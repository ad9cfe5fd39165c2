#include "media/packet_cursor.h"

namespace unreel::media {
namespace {

/// Reading so many bytes costs no more than a seek, on a disk as over a network.
constexpr std::int64_t kNearBytes = 1 << 20;

}  // namespace

void PacketCursor::rewind() {
  demuxer_.rewind();
  position_ = 0;
}

bool PacketCursor::is_near(std::int64_t position) const {
  if (position_ < 0 || position_ > position) return false;
  std::int64_t bytes = 0;
  for (std::int64_t i = position_; i < position; ++i) {
    bytes += entry(i).size;
    if (bytes > kNearBytes) return false;
  }
  return true;
}

bool PacketCursor::move_to(std::int64_t position) {
  if (!is_near(position)) {
    if (position > 0 && demuxer_.seek(entry(position))) {
      position_ = position;
    } else {
      rewind();
    }
  }
  const UniqueAVPacket packet = make_packet();
  while (position_ < position) {
    if (read(*packet) != Read::packet) return false;
  }
  return true;
}

PacketCursor::Read PacketCursor::read(AVPacket& packet) {
  if (!demuxer_.read(packet)) return Read::end;
  ++stats_.packets_read;
  const auto known = static_cast<std::int64_t>(packets_.size());
  if (position_ >= known || packet.pts != entry(position_).pts || packet.size != entry(position_).size) {
    position_ = -1;
    return Read::changed;
  }
  ++position_;
  return Read::packet;
}

}  // namespace unreel::media
