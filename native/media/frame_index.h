// Which frames a video has: their times, in presentation order.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "media/demuxer.h"
#include "media/packet_decoder.h"
#include "media/packet_index.h"
#include "media/sampling.h"
#include "media/video.h"

namespace unreel::media {

/**
 * Times of all frames, and how a frame that comes out of the decoder finds its number.
 *
 * Two sources. A packet scan needs no decoding: the pts of every packet that will be shown, sorted; frames are then
 * known by their pts. Where the container gives no trustworthy pts, the whole video is decoded once and libav's
 * best-effort timestamps are taken; frames are then known by their order of arrival, which is the same in every run.
 */
class FrameIndex {
 public:
  struct Entry {
    std::int64_t pts = 0;  ///< in the stream's time base
    bool key = false;
    std::int64_t packet = -1;  ///< its position in packets(); -1 for Source::decoding
  };

  enum class Source { packets, decoding };

  /// `entries` in presentation order. `last_duration` in the time base, 0 where unknown.
  FrameIndex(Source source, std::vector<Entry> entries, AVRational time_base, std::int64_t last_duration);

  /// By a packet scan from the demuxer's place to its end; nothing when the scan cannot be trusted: a pts missing, two
  /// frames with one pts, or a container and codec whose packets are not one to one with frames. `stats` counts the
  /// packets. Throws limit_exceeded, and what Demuxer::read() throws.
  static std::optional<FrameIndex> scan(Demuxer& demuxer, const Limits& limits, VideoStats& stats);

  /// By decoding from the demuxer's place to its end. Throws as scan(), and what PacketDecoder throws.
  static FrameIndex decode(Demuxer& demuxer, const Limits& limits, VideoStats& stats);

  Source source() const { return source_; }
  /// Every packet; empty for Source::decoding.
  const PacketIndex& packets() const { return packets_; }
  /// See media::reorder_depth(); 0 for Source::decoding. More than a codec allows where parts overlap in time.
  int reorder_depth() const { return reorder_depth_; }
  std::int64_t size() const { return static_cast<std::int64_t>(entries_.size()); }
  const Entry& at(std::int64_t frame) const { return entries_[static_cast<std::size_t>(frame)]; }

  /// The number of the frame with this pts; nothing when no frame has it. For Source::packets.
  std::optional<std::int64_t> find(std::int64_t pts) const;

  /// Whether the packets alone say that the frame is damaged: see PacketEntry::spoiled.
  bool is_spoiled(std::int64_t frame) const;

  /// Times in microseconds, rounded to nearest.
  const FrameTimes& times() const { return times_; }

  /// From the first frame's time to the end of the last one. The last frame lasts as long as its packet says, else as
  /// long as the one before it, else 0.
  std::int64_t duration_us() const { return duration_us_; }

 private:
  Source source_;
  PacketIndex packets_;
  int reorder_depth_ = 0;
  std::vector<Entry> entries_;
  FrameTimes times_;
  std::int64_t duration_us_ = 0;
};

}  // namespace unreel::media
