// Carries out decode plans, and falls back to decoding in full where the stream contradicts them.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "media/decode_plan.h"
#include "media/demuxer.h"
#include "media/frame_collector.h"
#include "media/frame_index.h"
#include "media/parallel_stretches.h"
#include "media/stretch_decoder.h"

namespace unreel::media {

/**
 * Samples one stream again and again. Not thread-safe.
 *
 * Several threads share the work in one of two ways, whichever the plan makes quicker: stretches side by side, where
 * there are several and few enough frames are wanted to be kept waiting; else libav's own frame threads, one stretch
 * after the other. Frames are the same either way.
 *
 * When a wanted frame of a stretch does not come, comes damaged, or other packets come than were indexed, what is left
 * of the stretch is decoded in full by one thread, from where its first missing frame can be reached; what that brings
 * is final. Damage is followed packet by packet, which several threads at once do not allow.
 */
class PlanRunner {
 public:
  /// All outlive the runner.
  PlanRunner(Demuxer& demuxer, const FrameIndex& index, const Limits& limits, const Interrupt& interrupt,
             VideoStats& stats);

  /// Decodes what the wanted frames (ascending) need and hands them to the collector, until it is complete. Throws what
  /// Demuxer and PacketDecoder throw.
  void run(const std::vector<std::int64_t>& wanted, int threads, FrameCollector& collector);

 private:
  using Stretches = std::vector<WantedStretch>;

  /// The stretches from `next` on, one after the other.
  void run_in_turn(const Stretches& stretches, std::size_t next, const std::vector<bool>& sent, int threads,
                   FrameCollector& collector);
  void run_stretch(const WantedStretch& wanted, const std::vector<bool>& sent, int threads, FrameCollector& collector);
  /// The stretches that were dealt with, from the first on.
  std::size_t run_side_by_side(const Stretches& stretches, const std::vector<bool>& sent, std::size_t lanes,
                               int threads, FrameCollector& collector);
  /// In how many lanes the stretches are done soonest; 0 where that is not before `time_in_turn`, which is in packets.
  std::size_t lanes_for(const Stretches& stretches, const std::vector<bool>& sent, int threads,
                        double time_in_turn) const;
  std::size_t room() const;
  void settle(const Stretches& stretches, std::size_t at, FrameCollector& collector);
  void run_everything(int threads, FrameCollector& collector);
  StretchDecoder::GoesOn until_all_came(std::int64_t first, const std::vector<std::int64_t>& frames,
                                        const FrameCollector& collector) const;

  Demuxer& demuxer_;
  const FrameIndex& index_;
  VideoStats& stats_;
  const DecoderSettings settings_;
  PacketCursor cursor_;
  StretchDecoder planned_;
  StretchDecoder full_;
  ParallelStretches parallel_;
};

}  // namespace unreel::media
