#include "media/plan_runner.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace unreel::media {
namespace {

/// How much quicker frames come with libav's frame threads than with one: once nothing is sent that could be left out,
/// most frames wait for the one before. Measured with two threads on x264's defaults, 1.4; more threads add little.
constexpr double kFrameThreadsGain = 1.4;

/// What a stretch costs beside its packets when it has a lane of its own, in packets.
constexpr double kLaneCost = 2;

/// Frames that wait for their turn take at most so many bytes.
constexpr std::int64_t kWaitingBytes = 128LL << 20;

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

/// Each stretch with its frames, which are ascending.
std::vector<WantedStretch> with_frames(const std::vector<Stretch>& stretches, const std::vector<Wanted>& wanted) {
  std::vector<WantedStretch> result;
  auto next = wanted.begin();
  for (const Stretch& stretch : stretches) {
    WantedStretch each{stretch, {}};
    for (; next != wanted.end() && next->position <= stretch.last; ++next) each.frames.push_back(next->frame);
    std::sort(each.frames.begin(), each.frames.end());
    result.push_back(std::move(each));
  }
  return result;
}

}  // namespace

PlanRunner::PlanRunner(Demuxer& demuxer, const FrameIndex& index, const Limits& limits, const Interrupt& interrupt,
                       VideoStats& stats)
    : demuxer_(demuxer),
      index_(index),
      stats_(stats),
      settings_{limits, reorder_depth(index.packets())},
      planned_(demuxer, index, settings_, stats),
      full_(demuxer, index, settings_, stats),
      parallel_(demuxer.source(), index, settings_, interrupt, stats) {}

void PlanRunner::run(const std::vector<std::int64_t>& frames, int threads, FrameCollector& collector) {
  if (!decodes_alike_with_threads(demuxer_.codec().id)) threads = 1;
  if (index_.source() == FrameIndex::Source::decoding) return run_everything(threads, collector);

  for (const std::int64_t frame : frames) {
    if (index_.is_spoiled(frame)) collector.put_damaged(frame);
  }
  const std::vector<Wanted> wanted = to_decode(index_, frames);
  std::vector<std::int64_t> positions;
  positions.reserve(wanted.size());
  for (const Wanted& each : wanted) positions.push_back(each.position);

  std::size_t next = 0;
  if (threads > 1) {
    const DecodePlan plan = plan_decoding(index_.packets(), positions, {DecodeCosts::kSplit});
    const Stretches stretches = with_frames(plan.stretches, wanted);
    if (is_quicker_side_by_side(stretches, plan.sent, threads)) {
      next = run_side_by_side(stretches, plan.sent, threads, collector);
      for (; next < stretches.size() && !collector.complete(); ++next) {
        run_stretch(stretches[next], plan.sent, threads, collector);
        settle(stretches[next], collector);
      }
      return collector.finish();
    }
  }
  DecodeCosts costs;
  costs.jump += threads - 1;  // a drained decoder leaves all its threads but one idle for a frame each
  const DecodePlan plan = plan_decoding(index_.packets(), positions, costs);
  for (const WantedStretch& each : with_frames(plan.stretches, wanted)) {
    if (collector.complete()) break;
    run_stretch(each, plan.sent, threads, collector);
    settle(each, collector);
  }
  collector.finish();
}

/// A stretch that begins at the stream's beginning where that is no random access point: libav tells frames that have
/// recovered from those that have not as it goes on, not when it is drained. So it goes on while frames have not come.
StretchDecoder::GoesOn PlanRunner::until_all_came(std::int64_t first, const std::vector<std::int64_t>& frames,
                                                  const FrameCollector& collector) const {
  const bool may_go_on = !index_.packets()[static_cast<std::size_t>(first)].role.random_access;
  return [this, may_go_on, &frames, &collector](std::int64_t position) {
    if (!may_go_on || position >= static_cast<std::int64_t>(index_.packets().size())) return false;
    return std::any_of(frames.begin(), frames.end(), [&](std::int64_t frame) { return collector.awaits(frame); });
  };
}

void PlanRunner::run_stretch(const WantedStretch& wanted, const std::vector<bool>& sent, int threads,
                             FrameCollector& collector) {
  collector.clear_trouble();
  const auto goes_on = until_all_came(wanted.stretch.first, wanted.frames, collector);
  const auto trouble = planned_.run(wanted.stretch, sent, threads, goes_on,
                                    [&](UniqueAVFrame&& frame) { return collector.take_planned(std::move(frame)); });
  if (trouble && !collector.trouble()) collector.set_trouble(*trouble);
}

bool PlanRunner::is_quicker_side_by_side(const Stretches& stretches, const std::vector<bool>& sent, int threads) const {
  if (stretches.size() < 2) return false;
  // Each lane takes the next stretch when it is free: the longest lane's time, beside all of it with frame threads.
  std::vector<double> lanes(static_cast<std::size_t>(threads), 0);
  double all = 0;
  std::size_t most_frames = 0;
  for (const WantedStretch& each : stretches) {
    const auto begin = sent.begin() + each.stretch.first;
    const auto packets = static_cast<double>(std::count(begin, sent.begin() + each.stretch.last + 1, true));
    *std::min_element(lanes.begin(), lanes.end()) += packets + kLaneCost;
    all += packets;
    most_frames = std::max(most_frames, each.frames.size());
    if (!index_.packets()[static_cast<std::size_t>(each.stretch.first)].role.random_access) return false;
  }
  if (most_frames * static_cast<std::size_t>(threads) > room()) return false;
  return *std::max_element(lanes.begin(), lanes.end()) < all / kFrameThreadsGain;
}

std::size_t PlanRunner::room() const {
  const AVCodecParameters& parameters = *demuxer_.stream().codecpar;
  const std::int64_t bytes = std::max<std::int64_t>(1, std::int64_t{parameters.width} * parameters.height * 3 / 2);
  return static_cast<std::size_t>(std::clamp<std::int64_t>(kWaitingBytes / bytes, 2, 256));
}

std::size_t PlanRunner::run_side_by_side(const Stretches& stretches, const std::vector<bool>& sent, int threads,
                                         FrameCollector& collector) {
  std::size_t dealt_with = 0;
  const auto take_end = [&](std::size_t at, std::optional<FallbackReason> trouble) {
    dealt_with = at + 1;
    if (trouble) collector.set_trouble(*trouble);
    const std::vector<std::int64_t>& frames = stretches[at].frames;
    return !trouble && std::none_of(frames.begin(), frames.end(), [&](auto frame) { return collector.awaits(frame); });
  };
  collector.clear_trouble();
  bool goes_on = true;
  parallel_.run(
      stretches, sent, threads, room(),
      [&](UniqueAVFrame&& frame) { return goes_on = collector.take_planned(std::move(frame)); }, take_end);
  if (collector.complete()) return stretches.size();
  // A frame that came damaged ended the run within its stretch.
  if (!goes_on) ++dealt_with;
  if (dealt_with > 0) settle(stretches[dealt_with - 1], collector);
  return dealt_with;
}

/// Decodes in full what a planned run has left open.
void PlanRunner::settle(const WantedStretch& wanted, FrameCollector& collector) {
  std::vector<std::int64_t> missing;
  for (const std::int64_t frame : wanted.frames) {
    if (collector.awaits(frame)) missing.push_back(frame);
  }
  if (missing.empty() || collector.complete()) return;
  const FallbackReason reason = collector.trouble().value_or(FallbackReason::frame_missing);
  ++stats_.fallbacks[static_cast<std::size_t>(reason)];
  std::int64_t first = wanted.stretch.last;
  for (const std::int64_t frame : missing) first = std::min(first, index_.at(frame).packet);
  first = StartPoints(index_.packets()).start_for(first);
  full_.run_full(first, wanted.stretch.last, reason != FallbackReason::packets_changed,
                 until_all_came(first, missing, collector),
                 [&](UniqueAVFrame&& frame) { return collector.take_full(std::move(frame)); });
  for (const std::int64_t frame : missing) collector.give_up(frame);
}

/// For frames that are known by their order of arrival.
void PlanRunner::run_everything(int threads, FrameCollector& collector) {
  const auto run_with = [&](PacketDecoder& decoder, const DecodeRun::Sink& sink) {
    demuxer_.rewind();
    collector.begin_at_start();
    decode_all(demuxer_, decoder, stats_, sink);
  };
  if (threads > 1) {
    collector.clear_trouble();
    PacketDecoder& decoder = planned_.ready(threads, 0);
    const std::int64_t errors_before = decoder.errors();
    run_with(decoder, [&](UniqueAVFrame&& frame) {
      return decoder.errors() == errors_before && collector.take_planned(std::move(frame));
    });
    if (collector.complete()) return;
    ++stats_.fallbacks[static_cast<std::size_t>(collector.trouble().value_or(FallbackReason::frame_damaged))];
  }
  run_with(full_.ready(1, 0), [&](UniqueAVFrame&& frame) { return collector.take_full(std::move(frame)); });
  collector.finish();
}

}  // namespace unreel::media
