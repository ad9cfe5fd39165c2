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
  void run_stretch(const Stretch& stretch, const std::vector<bool>& sent, FrameCollector& collector);
  void fall_back(const Stretch& stretch, const std::vector<std::int64_t>& missing, FrameCollector& collector);
  void run_everything(int threads, FrameCollector& collector);
  PacketDecoder& decoder(std::unique_ptr<PacketDecoder>& kept, int threads);

  Demuxer& demuxer_;
  const FrameIndex& index_;
  const Limits limits_;
  VideoStats& stats_;
  PacketCursor cursor_;
  const int reorder_depth_;
  int threads_ = 1;
  std::unique_ptr<PacketDecoder> planned_;
  std::unique_ptr<PacketDecoder> full_;
};

}  // namespace unreel::media
