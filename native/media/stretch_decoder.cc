#include "media/stretch_decoder.h"

#include <utility>

namespace unreel::media {
namespace {

/// Whether avcodec_flush_buffers() leaves nothing of the stream behind that could shape a later frame.
bool forgets_all_on_flush(AVCodecID codec) {
  switch (codec) {
    case AV_CODEC_ID_H264:
    case AV_CODEC_ID_HEVC:
    case AV_CODEC_ID_AV1:
    case AV_CODEC_ID_VP8:
    case AV_CODEC_ID_VP9:
      return true;
    default:
      return false;
  }
}

}  // namespace

bool decodes_alike_with_threads(AVCodecID codec) {
  switch (codec) {
    case AV_CODEC_ID_MPEG1VIDEO:
    case AV_CODEC_ID_MPEG2VIDEO:
    case AV_CODEC_ID_MJPEG:
    case AV_CODEC_ID_PRORES:
    case AV_CODEC_ID_DNXHD:
      return true;
    default:
      return forgets_all_on_flush(codec);
  }
}

StretchDecoder::StretchDecoder(Demuxer& demuxer, PacketCursor& cursor, const FrameIndex& index,
                               const DecoderSettings& settings, VideoStats& stats)
    : demuxer_(demuxer), index_(index), settings_(settings), stats_(stats), cursor_(cursor) {}

/// A decoder is used again only where it was drained, since some keep finished frames over a flush; where it has not
/// gone further than `first`, since parameter sets from there on would hold; and where its codec forgets all else on a
/// flush.
PacketDecoder& StretchDecoder::ready(int threads, std::int64_t first) {
  const bool fits = decoder_ && decoder_->threads() == threads && drained_at_ <= first;
  if (!fits || !forgets_all_on_flush(decoder_->codec_id())) {
    decoder_.reset();  // first: both at once would cost twice
    decoder_ = std::make_unique<PacketDecoder>(
        demuxer_.stream(), demuxer_.codec(),
        PacketDecoder::Options{settings_.limits, threads, settings_.reorder_depth, settings_.held_bytes});
  }
  drained_at_ = kNever;
  return *decoder_;
}

std::optional<FallbackReason> StretchDecoder::run(const Stretch& stretch, const std::vector<bool>& sent, int threads,
                                                  const GoesOn& goes_on, const DecodeRun::Sink& sink) {
  PacketDecoder& decoder = ready(threads, stretch.first);
  const std::int64_t errors_before = decoder.errors();
  const auto trouble = [&]() -> std::optional<FallbackReason> {
    if (decoder.errors() == errors_before) return std::nullopt;
    return FallbackReason::frame_damaged;
  };
  if (!cursor_.move_to(stretch.first)) return FallbackReason::packets_changed;
  // A frame that comes after an error may be predicted from what is damaged.
  DecodeRun run(decoder, stats_, [&](UniqueAVFrame&& frame) { return !trouble() && sink(std::move(frame)); });
  const UniqueAVPacket packet = make_packet();
  std::int64_t position = stretch.first;
  for (; position <= stretch.last || goes_on(position); ++position) {
    if (cursor_.read(*packet) != PacketCursor::Read::packet) return FallbackReason::packets_changed;
    const auto at = static_cast<std::size_t>(position);
    const PacketRole& role = index_.packets()[at].role;
    if (position <= stretch.last ? !sent[at] : role.droppable) continue;
    const bool wanted_more = run.send(*packet, &role);
    if (!wanted_more || trouble()) return trouble();
  }
  if (run.finish()) drained_at_ = position;
  return trouble();
}

void StretchDecoder::run_full(std::int64_t first, std::int64_t last, bool is_as_indexed, const GoesOn& goes_on,
                              const DecodeRun::Sink& sink) {
  // Where the stream is not the one that was indexed, its positions mean nothing.
  const bool by_index = is_as_indexed && cursor_.move_to(first);
  if (!by_index) cursor_.rewind();
  DecodeRun run(ready(1, by_index ? first : 0), stats_, sink);
  const UniqueAVPacket packet = make_packet();
  std::int64_t position = by_index ? first : 0;
  for (; !by_index || position <= last || goes_on(position); ++position) {
    const PacketCursor::Read read = cursor_.read(*packet);
    if (read == PacketCursor::Read::end) break;
    const bool known = by_index && read == PacketCursor::Read::packet;
    if (!run.send(*packet, known ? &index_.packets()[static_cast<std::size_t>(position)].role : nullptr)) return;
  }
  if (run.finish() && by_index) drained_at_ = position;
}

}  // namespace unreel::media
