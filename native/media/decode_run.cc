#include "media/decode_run.h"

#include <utility>

namespace unreel::media {

DecodeRun::DecodeRun(PacketDecoder& decoder, VideoStats& stats, Sink sink)
    : decoder_(decoder), stats_(stats), sink_(std::move(sink)), trail_(decoder.codec_id()) {
  decoder_.flush();
}

bool DecodeRun::send(const AVPacket& packet, const PacketRole* role) {
  ++stats_.packets_decoded;
  const bool accepted = decoder_.send(packet);
  trail_.sent(packet, accepted, role);
  return hand_on();
}

bool DecodeRun::finish() {
  decoder_.drain();
  return hand_on();
}

bool DecodeRun::hand_on() {
  for (;;) {
    UniqueAVFrame frame = make_frame();
    if (!decoder_.receive(*frame)) return true;
    if (trail_.spoils(*frame)) frame->flags |= AV_FRAME_FLAG_CORRUPT;
    if ((frame->flags & AV_FRAME_FLAG_DISCARD) != 0) continue;
    if (!sink_(std::move(frame))) return false;
  }
}

void decode_all(Demuxer& demuxer, PacketDecoder& decoder, VideoStats& stats, const DecodeRun::Sink& sink) {
  DecodeRun run(decoder, stats, sink);
  const UniqueAVPacket packet = make_packet();
  while (demuxer.read(*packet)) {
    ++stats.packets_read;
    if (!run.send(*packet, nullptr)) return;
  }
  run.finish();
}

}  // namespace unreel::media
