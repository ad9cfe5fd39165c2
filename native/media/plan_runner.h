// Carries out a decode plan, and falls back to decoding in full where the stream contradicts it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "media/decode_plan.h"
#include "media/demuxer.h"
#include "media/frame_collector.h"
#include "media/frame_index.h"
#include "media/packet_cursor.h"
#include "media/packet_decoder.h"

namespace unreel::media {

/**
 * Samples one stream again and again, with decoders that it keeps. Not thread-safe.
 *
 * Each stretch of the plan is decoded with as many threads as are given. When a wanted frame of it does not come, comes
 * damaged, or other packets come than were indexed, what is left of the stretch is decoded in full by one thread, from
 * where its first missing frame can be reached; what that brings is final. Damage is followed packet by packet, which
 * several threads at once do not allow.
 */
class PlanRunner {
 public:
  /// All outlive the runner.
  PlanRunner(Demuxer& demuxer, const FrameIndex& index, const Limits& limits, VideoStats& stats);

  /// Decodes what the wanted frames (ascending) need and hands them to the collector, until it is complete. Throws what
  /// Demuxer and PacketDecoder throw.
  void run(const std::vector<std::int64_t>& wanted, int threads, FrameCollector& collector);

 private:
  static constexpr std::int64_t kNever = INT64_MAX;

  /// A decoder that serves several runs.
  struct Kept {
    std::unique_ptr<PacketDecoder> decoder;
    std::int64_t drained_at = kNever;  ///< the position up to which it had seen the stream when it was last drained
  };

  void run_stretch(const Stretch& stretch, const std::vector<bool>& sent, const std::vector<std::int64_t>& frames,
                   FrameCollector& collector);
  void fall_back(const Stretch& stretch, const std::vector<std::int64_t>& missing, FrameCollector& collector);
  void run_everything(FrameCollector& collector);
  PacketDecoder& ready(Kept& kept, int threads, std::int64_t first);
  bool needs_more(std::int64_t first, std::int64_t position, const std::vector<std::int64_t>& frames,
                  const FrameCollector& collector) const;

  Demuxer& demuxer_;
  const FrameIndex& index_;
  const Limits limits_;
  VideoStats& stats_;
  PacketCursor cursor_;
  const int reorder_depth_;
  int threads_ = 1;
  Kept planned_;
  Kept full_;
};

}  // namespace unreel::media
