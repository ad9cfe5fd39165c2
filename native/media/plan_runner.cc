#include "media/plan_runner.h"

#include <algorithm>
#include <iterator>
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

/// Those of the frames that have not come.
std::vector<std::int64_t> awaited(const std::vector<std::int64_t>& frames, const FrameCollector& collector) {
  std::vector<std::int64_t> open;
  std::copy_if(frames.begin(), frames.end(), std::back_inserter(open),
               [&](std::int64_t frame) { return collector.awaits(frame); });
  return open;
}

/// Whether libav marks damaged frames of the codec. Those of HEVC come as they are, and what they show depends on what
/// was decoded before: the only reference is then a decoder that comes from the beginning.
bool marks_damage(AVCodecID codec) { return codec != AV_CODEC_ID_HEVC; }

/// How long `lanes` lanes take on so many cores, which they share evenly; each takes the next stretch when it is free.
/// A lane more than cores often ends sooner, since fewer cores are idle at the end.
double time_side_by_side(const std::vector<double>& costs, std::size_t lanes, int cores) {
  std::vector<double> running(costs.begin(), costs.begin() + static_cast<std::ptrdiff_t>(lanes));
  std::size_t next = lanes;
  double time = 0;
  while (!running.empty()) {
    // The last one is decoded with frame threads.
    const double share = running.size() == 1 && next == costs.size()
                             ? kFrameThreadsGain
                             : std::min(1.0, cores / static_cast<double>(running.size()));
    const auto first = std::min_element(running.begin(), running.end());
    const double done = *first;
    time += done / share;
    running.erase(first);
    for (double& left : running) left -= done;
    if (next < costs.size()) running.push_back(costs[next++]);
  }
  return time;
}

}  // namespace

PlanRunner::PlanRunner(Demuxer& demuxer, const FrameIndex& index, const Limits& limits, const Interrupt& interrupt,
                       VideoStats& stats)
    : demuxer_(demuxer),
      index_(index),
      stats_(stats),
      settings_{limits, index.reorder_depth()},
      cursor_(demuxer, index.packets(), stats),
      planned_(demuxer, cursor_, index, settings_, stats),
      full_(demuxer, cursor_, index, settings_, stats),
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

  DecodeCosts costs;
  costs.jump += threads - 1;  // a drained decoder leaves all its threads but one idle for a frame each
  const DecodePlan in_turn = plan_decoding(index_.packets(), positions, costs);
  if (threads > 1) {
    const DecodePlan apart = plan_decoding(index_.packets(), positions, {DecodeCosts::kSplit});
    const Stretches stretches = with_frames(apart.stretches, wanted);
    const double time_in_turn =
        static_cast<double>(std::count(in_turn.sent.begin(), in_turn.sent.end(), true)) / kFrameThreadsGain +
        static_cast<double>(in_turn.stretches.size()) * costs.jump;
    if (const std::size_t lanes = lanes_for(stretches, apart.sent, threads, time_in_turn); lanes > 0) {
      const std::size_t next = run_side_by_side(stretches, apart.sent, lanes, threads, collector);
      return run_in_turn(stretches, next, apart.sent, threads, collector);
    }
  }
  run_in_turn(with_frames(in_turn.stretches, wanted), 0, in_turn.sent, threads, collector);
}

void PlanRunner::run_in_turn(const Stretches& stretches, std::size_t next, const std::vector<bool>& sent, int threads,
                             FrameCollector& collector) {
  for (; next < stretches.size() && !collector.complete(); ++next) {
    if (awaited(stretches[next].frames, collector).empty()) continue;
    run_stretch(stretches[next], sent, threads, collector);
    settle(stretches, next, collector);
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
    return !awaited(frames, collector).empty();
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

std::size_t PlanRunner::lanes_for(const Stretches& stretches, const std::vector<bool>& sent, int threads,
                                  double time_in_turn) const {
  if (stretches.size() < 2) return 0;
  std::vector<double> costs;
  std::size_t most_frames = 0;
  for (const WantedStretch& each : stretches) {
    if (!index_.packets()[static_cast<std::size_t>(each.stretch.first)].role.random_access) return 0;
    const auto begin = sent.begin() + each.stretch.first;
    costs.push_back(kLaneCost + static_cast<double>(std::count(begin, sent.begin() + each.stretch.last + 1, true)));
    most_frames = std::max(most_frames, each.frames.size());
  }
  const auto fewest = static_cast<std::size_t>(threads);
  const std::size_t most = std::min(2 * fewest, stretches.size());
  if (most_frames * most > room()) return 0;
  double quickest = time_in_turn;
  std::size_t best = 0;
  for (std::size_t lanes = std::min(fewest, stretches.size()); lanes <= most; ++lanes) {
    const double time = time_side_by_side(costs, lanes, threads);
    if (time >= quickest) continue;
    quickest = time;
    best = lanes;
  }
  return best;
}

std::size_t PlanRunner::room() const {
  const AVCodecParameters& parameters = *demuxer_.stream().codecpar;
  const std::int64_t bytes = std::max<std::int64_t>(1, std::int64_t{parameters.width} * parameters.height * 3 / 2);
  return static_cast<std::size_t>(std::clamp<std::int64_t>(kWaitingBytes / bytes, 2, 256));
}

std::size_t PlanRunner::run_side_by_side(const Stretches& stretches, const std::vector<bool>& sent, std::size_t lanes,
                                         int threads, FrameCollector& collector) {
  std::size_t dealt_with = 0;
  const auto take_end = [&](std::size_t at, std::optional<FallbackReason> trouble) {
    dealt_with = at + 1;
    if (trouble) collector.set_trouble(*trouble);
    return !trouble && awaited(stretches[at].frames, collector).empty();
  };
  collector.clear_trouble();
  bool goes_on = true;
  parallel_.run(
      stretches, sent, lanes, threads, room(),
      [&](UniqueAVFrame&& frame) { return goes_on = collector.take_planned(std::move(frame)); }, take_end);
  if (collector.complete()) return stretches.size();
  // A frame that came damaged ended the run within its stretch.
  if (!goes_on) ++dealt_with;
  if (dealt_with > 0) settle(stretches, dealt_with - 1, collector);
  return dealt_with;
}

/// Decodes in full what a planned run of the stretch at `at` has left open.
void PlanRunner::settle(const Stretches& stretches, std::size_t at, FrameCollector& collector) {
  std::vector<std::int64_t> missing = awaited(stretches[at].frames, collector);
  if (missing.empty() || collector.complete()) return;
  const FallbackReason reason = collector.trouble().value_or(FallbackReason::frame_missing);
  ++stats_.fallbacks[static_cast<std::size_t>(reason)];
  std::int64_t last = stretches[at].stretch.last;
  std::int64_t first = 0;
  if (marks_damage(demuxer_.codec().id)) {
    first = last;
    for (const std::int64_t frame : missing) first = std::min(first, index_.at(frame).packet);
    first = StartPoints(index_.packets()).start_for(first);
  } else {
    // All that is still open at once: the way from the beginning is gone once.
    last = stretches.back().stretch.last;
    for (std::size_t later = at + 1; later < stretches.size(); ++later) {
      const std::vector<std::int64_t> more = awaited(stretches[later].frames, collector);
      missing.insert(missing.end(), more.begin(), more.end());
    }
  }
  full_.run_full(first, last, reason != FallbackReason::packets_changed, until_all_came(first, missing, collector),
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
