// Several stretches of one stream decoded at the same time, their frames taken in the order of the stretches.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "media/interrupt.h"
#include "media/stretch_decoder.h"

namespace unreel::media {

/// A stretch, and the frames wanted of it by their numbers, ascending.
struct WantedStretch {
  Stretch stretch;
  std::vector<std::int64_t> frames;
};

/**
 * Decodes stretches on threads of its own, each with a demuxer and a decoder of its own; the frames are taken on the
 * calling thread. Memory is bounded: a stretch that runs ahead of the one whose frames are taken waits once `room`
 * frames wait in all. The threads end with the call. Not thread-safe.
 */
class ParallelStretches {
 public:
  /// All outlive it.
  ParallelStretches(std::shared_ptr<ByteSource> source, const FrameIndex& index, const DecoderSettings& settings,
                    const Interrupt& interrupt, VideoStats& stats);
  ~ParallelStretches();

  /// Takes a decoded frame, or the end of the stretch at `at` and why it is not whole; false ends the call.
  using TakeFrame = std::function<bool(UniqueAVFrame&&)>;
  using TakeEnd = std::function<bool(std::size_t at, std::optional<FallbackReason> trouble)>;

  /// `lanes` stretches at a time; the last one with `threads` of libav's. Throws what the threads and the takers throw.
  void run(const std::vector<WantedStretch>& stretches, const std::vector<bool>& sent, std::size_t lanes, int threads,
           std::size_t room, const TakeFrame& take_frame, const TakeEnd& take_end);

 private:
  struct Lane;     ///< a demuxer and its decoder
  struct Output {  ///< of a stretch
    std::deque<UniqueAVFrame> frames;
    std::optional<FallbackReason> trouble;
    bool done = false;
  };
  struct Job;

  void work(Lane& lane, Job& job);
  void decode(Lane& lane, Job& job, std::size_t at);
  void take(Job& job, const TakeFrame& take_frame, const TakeEnd& take_end);
  std::optional<std::int64_t> number_of(const AVFrame& frame, const std::vector<std::int64_t>& wanted) const;

  const std::shared_ptr<ByteSource> source_;
  const FrameIndex& index_;
  const DecoderSettings& settings_;
  const Interrupt& interrupt_;
  VideoStats& stats_;
  std::vector<std::unique_ptr<Lane>> lanes_;
};

}  // namespace unreel::media
