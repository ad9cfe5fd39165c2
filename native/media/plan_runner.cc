#include "media/plan_runner.h"

#include <algorithm>
#include <utility>

#include "media/decode_run.h"

namespace unreel::media {
namespace {

/// A wanted frame, by its packet's position and its number.
struct Wanted {
  std::int64_t position;
  std::int64_t frame;
};

/// Those that are worth decoding, in decoding order.
std::vector<Wanted> to_decode(const FrameIndex& index, const std::vector<std::int64_t>& frames) {
  std::vector<Wanted> wanted;
  wanted.reserve(frames.size());
  for (const std::int64_t frame : frames) {
    if (!index.is_spoiled(frame)) wanted.push_back({index.at(frame).packet, frame});
  }
  std::sort(wanted.begin(), wanted.end(), [](const Wanted& a, const Wanted& b) { return a.position < b.position; });
  return wanted;
}

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

/// Whether libav's threads bring the bytes that one thread brings. Those of MPEG-4 part 2 do not for interlaced B-VOPs.
bool decodes_frames_apart(AVCodecID codec) {
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

/// Ends the run that `decoder` tells of an error in: with several threads nobody knows which frames it spoils.
class ErrorWatch {
 public:
  ErrorWatch(const PacketDecoder& decoder, FrameCollector& collector)
      : decoder_(decoder), collector_(collector), before_(decoder.errors()) {}

  /// Whether the run goes on.
  bool look() {
    if (decoder_.errors() == before_) return true;
    if (!collector_.trouble()) collector_.set_trouble(FallbackReason::frame_damaged);
    return false;
  }

 private:
  const PacketDecoder& decoder_;
  FrameCollector& collector_;
  const std::int64_t before_;
};

}  // namespace

PlanRunner::PlanRunner(Demuxer& demuxer, const FrameIndex& index, const Limits& limits, VideoStats& stats)
    : demuxer_(demuxer),
      index_(index),
      limits_(limits),
      stats_(stats),
      cursor_(demuxer, index.packets(), stats),
      reorder_depth_(reorder_depth(index.packets())) {}

/// Ready for a run from `first` on. A decoder is used again only where nothing of its past can show: it was drained,
/// since some keep finished frames over a flush; it has not gone further than `first`, since parameter sets from there
/// on would hold; and its codec forgets all else on a flush.
PacketDecoder& PlanRunner::ready(Kept& kept, int threads, std::int64_t first) {
  const bool fits = kept.decoder && kept.decoder->threads() == threads && kept.drained_at <= first;
  if (!fits || !forgets_all_on_flush(kept.decoder->codec_id())) {
    kept.decoder.reset();  // first: both at once would count twice
    kept.decoder = std::make_unique<PacketDecoder>(demuxer_.stream(), demuxer_.codec(), limits_,
                                                   PacketDecoder::Options{threads, reorder_depth_});
  }
  kept.drained_at = kNever;
  return *kept.decoder;
}

void PlanRunner::run(const std::vector<std::int64_t>& wanted, int threads, FrameCollector& collector) {
  threads_ = decodes_frames_apart(demuxer_.codec().id) ? threads : 1;
  if (index_.source() == FrameIndex::Source::decoding) return run_everything(collector);

  for (const std::int64_t frame : wanted) {
    if (index_.is_spoiled(frame)) collector.put_damaged(frame);
  }
  const std::vector<Wanted> ordered = to_decode(index_, wanted);
  std::vector<std::int64_t> positions;
  positions.reserve(ordered.size());
  for (const Wanted& each : ordered) positions.push_back(each.position);
  DecodeCosts costs;
  costs.jump += threads_ - 1;  // a drained decoder leaves all its threads but one idle for a frame each
  const DecodePlan plan = plan_decoding(index_.packets(), positions, costs);

  auto next = ordered.begin();
  for (const Stretch& stretch : plan.stretches) {
    std::vector<std::int64_t> frames;
    for (; next != ordered.end() && next->position <= stretch.last; ++next) frames.push_back(next->frame);
    run_stretch(stretch, plan.sent, frames, collector);
    if (collector.complete()) return;
    frames.erase(std::remove_if(frames.begin(), frames.end(), [&](auto frame) { return !collector.awaits(frame); }),
                 frames.end());
    if (!frames.empty()) fall_back(stretch, frames, collector);
    if (collector.complete()) return;
  }
  collector.finish();
}

/// A stretch that begins at the stream's beginning where that is no random access point: libav tells frames that have
/// recovered from those that have not as it goes on, not when it is drained. So it goes on while frames have not come.
bool PlanRunner::needs_more(std::int64_t first, std::int64_t position, const std::vector<std::int64_t>& frames,
                            const FrameCollector& collector) const {
  const PacketIndex& packets = index_.packets();
  if (position >= static_cast<std::int64_t>(packets.size())) return false;
  if (packets[static_cast<std::size_t>(first)].role.random_access) return false;
  return std::any_of(frames.begin(), frames.end(), [&](std::int64_t frame) { return collector.awaits(frame); });
}

void PlanRunner::run_stretch(const Stretch& stretch, const std::vector<bool>& sent,
                             const std::vector<std::int64_t>& frames, FrameCollector& collector) {
  collector.clear_trouble();
  PacketDecoder& planned = ready(planned_, threads_, stretch.first);
  DecodeRun run(planned, stats_, [&](UniqueAVFrame&& frame) { return collector.take_planned(std::move(frame)); });
  ErrorWatch errors(planned, collector);
  if (!cursor_.move_to(stretch.first)) return collector.set_trouble(FallbackReason::packets_changed);
  const UniqueAVPacket packet = make_packet();
  std::int64_t position = stretch.first;
  for (; position <= stretch.last || needs_more(stretch.first, position, frames, collector); ++position) {
    if (cursor_.read(*packet) != PacketCursor::Read::packet) {
      return collector.set_trouble(FallbackReason::packets_changed);
    }
    const auto at = static_cast<std::size_t>(position);
    if (position <= stretch.last ? !sent[at] : index_.packets()[at].role.droppable) continue;
    const bool goes_on = run.send(*packet, &index_.packets()[at].role);
    if (!errors.look() || !goes_on) return;
  }
  if (run.finish()) planned_.drained_at = position;
  errors.look();
}

void PlanRunner::fall_back(const Stretch& stretch, const std::vector<std::int64_t>& missing,
                           FrameCollector& collector) {
  const FallbackReason reason = collector.trouble().value_or(FallbackReason::frame_missing);
  ++stats_.fallbacks[static_cast<std::size_t>(reason)];
  std::int64_t first = stretch.last;
  for (const std::int64_t frame : missing) first = std::min(first, index_.at(frame).packet);
  first = StartPoints(index_.packets()).start_for(first);
  // Where the stream is not the one that was indexed, its positions mean nothing: then everything is decoded.
  const bool by_index = reason != FallbackReason::packets_changed && cursor_.move_to(first);
  if (!by_index) {
    cursor_.rewind();
    first = 0;
  }

  DecodeRun run(ready(full_, 1, first), stats_,
                [&](UniqueAVFrame&& frame) { return collector.take_full(std::move(frame)); });
  const UniqueAVPacket packet = make_packet();
  for (std::int64_t position = first;
       !by_index || position <= stretch.last || needs_more(first, position, missing, collector); ++position) {
    if (cursor_.read(*packet) == PacketCursor::Read::end) break;
    const bool known = by_index && position < static_cast<std::int64_t>(index_.packets().size());
    if (!run.send(*packet, known ? &index_.packets()[static_cast<std::size_t>(position)].role : nullptr)) break;
  }
  if (!collector.complete()) run.finish();
  for (const std::int64_t frame : missing) collector.give_up(frame);
}

/// For frames that are known by their order of arrival.
void PlanRunner::run_everything(FrameCollector& collector) {
  const auto run_with = [&](PacketDecoder& used, auto take) {
    demuxer_.rewind();
    collector.begin_at_start();
    ErrorWatch errors(used, collector);
    DecodeRun run(used, stats_, take);
    const UniqueAVPacket packet = make_packet();
    while (demuxer_.read(*packet)) {
      ++stats_.packets_read;
      const bool goes_on = run.send(*packet, nullptr);
      if ((used.threads() > 1 && !errors.look()) || !goes_on) return;
    }
    run.finish();
    if (used.threads() > 1) errors.look();
  };
  collector.clear_trouble();
  if (threads_ > 1) {
    run_with(ready(planned_, threads_, 0),
             [&](UniqueAVFrame&& frame) { return collector.take_planned(std::move(frame)); });
    if (collector.complete()) return;
    const FallbackReason reason = collector.trouble().value_or(FallbackReason::frame_missing);
    ++stats_.fallbacks[static_cast<std::size_t>(reason)];
  }
  run_with(ready(full_, 1, 0), [&](UniqueAVFrame&& frame) { return collector.take_full(std::move(frame)); });
  collector.finish();
}

}  // namespace unreel::media
