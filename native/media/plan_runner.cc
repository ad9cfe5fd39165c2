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

std::vector<Wanted> in_decoding_order(const FrameIndex& index, const std::vector<std::int64_t>& frames) {
  std::vector<Wanted> wanted;
  wanted.reserve(frames.size());
  for (const std::int64_t frame : frames) wanted.push_back({index.at(frame).packet, frame});
  std::sort(wanted.begin(), wanted.end(), [](const Wanted& a, const Wanted& b) { return a.position < b.position; });
  return wanted;
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

PacketDecoder& PlanRunner::decoder(std::unique_ptr<PacketDecoder>& kept, int threads) {
  if (!kept || kept->threads() != threads) {
    kept.reset();  // first: both at once would count twice
    kept = std::make_unique<PacketDecoder>(demuxer_.stream(), demuxer_.codec(), limits_,
                                           PacketDecoder::Options{threads, reorder_depth_});
  }
  return *kept;
}

void PlanRunner::run(const std::vector<std::int64_t>& wanted, int threads, FrameCollector& collector) {
  threads_ = threads;
  if (index_.source() == FrameIndex::Source::decoding) return run_everything(threads, collector);

  const std::vector<Wanted> ordered = in_decoding_order(index_, wanted);
  std::vector<std::int64_t> positions;
  positions.reserve(ordered.size());
  for (const Wanted& each : ordered) positions.push_back(each.position);
  DecodeCosts costs;
  costs.jump += threads - 1;  // a drained decoder leaves all its threads but one idle for a frame each
  const DecodePlan plan = plan_decoding(index_.packets(), positions, costs);

  auto next = ordered.begin();
  for (const Stretch& stretch : plan.stretches) {
    const auto begin = next;
    while (next != ordered.end() && next->position <= stretch.last) ++next;
    run_stretch(stretch, plan.sent, collector);
    if (collector.complete()) return;
    std::vector<std::int64_t> missing;
    for (auto each = begin; each != next; ++each) {
      if (collector.awaits(each->frame)) missing.push_back(each->frame);
    }
    if (!missing.empty()) fall_back(stretch, missing, collector);
    if (collector.complete()) return;
  }
  collector.finish();
}

void PlanRunner::run_stretch(const Stretch& stretch, const std::vector<bool>& sent, FrameCollector& collector) {
  collector.clear_trouble();
  PacketDecoder& planned = decoder(planned_, threads_);
  DecodeRun run(planned, stats_, [&](UniqueAVFrame&& frame) { return collector.take_planned(std::move(frame)); });
  ErrorWatch errors(planned, collector);
  if (!cursor_.move_to(stretch.first)) return collector.set_trouble(FallbackReason::packets_changed);
  const UniqueAVPacket packet = make_packet();
  for (std::int64_t position = stretch.first; position <= stretch.last; ++position) {
    if (cursor_.read(*packet) != PacketCursor::Read::packet) {
      return collector.set_trouble(FallbackReason::packets_changed);
    }
    if (!sent[static_cast<std::size_t>(position)]) continue;
    const bool goes_on = run.send(*packet);
    if (!errors.look() || !goes_on) return;
  }
  run.finish();
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
  if (!by_index) cursor_.rewind();

  DecodeRun run(decoder(full_, 1), stats_,
                [&](UniqueAVFrame&& frame) { return collector.take_full(std::move(frame)); });
  const UniqueAVPacket packet = make_packet();
  for (std::int64_t position = first; !by_index || position <= stretch.last; ++position) {
    if (cursor_.read(*packet) == PacketCursor::Read::end) break;
    if (!run.send(*packet)) break;
  }
  if (!collector.complete()) run.finish();
  for (const std::int64_t frame : missing) collector.give_up(frame);
}

/// For frames that are known by their order of arrival.
void PlanRunner::run_everything(int threads, FrameCollector& collector) {
  const auto run_with = [&](PacketDecoder& used, auto take) {
    demuxer_.rewind();
    collector.begin_at_start();
    ErrorWatch errors(used, collector);
    DecodeRun run(used, stats_, take);
    const UniqueAVPacket packet = make_packet();
    while (demuxer_.read(*packet)) {
      ++stats_.packets_read;
      const bool goes_on = run.send(*packet);
      if ((used.threads() > 1 && !errors.look()) || !goes_on) return;
    }
    run.finish();
    if (used.threads() > 1) errors.look();
  };
  collector.clear_trouble();
  if (threads > 1) {
    run_with(decoder(planned_, threads),
             [&](UniqueAVFrame&& frame) { return collector.take_planned(std::move(frame)); });
    if (collector.complete()) return;
    const FallbackReason reason = collector.trouble().value_or(FallbackReason::frame_missing);
    ++stats_.fallbacks[static_cast<std::size_t>(reason)];
  }
  run_with(decoder(full_, 1), [&](UniqueAVFrame&& frame) { return collector.take_full(std::move(frame)); });
  collector.finish();
}

}  // namespace unreel::media
