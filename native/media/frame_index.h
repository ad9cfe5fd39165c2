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

  /**
   * Reads the demuxer from its place, the beginning, to its end. By a packet scan where that can be trusted: not where
   * a pts is missing, two frames have one pts, or the packets of the container and codec are not one to one with
   * frames. `stats` counts the packets. Throws limit_exceeded, and what Demuxer::read() and PacketDecoder throw.
   */
  static FrameIndex read(Demuxer& demuxer, const Limits& limits, VideoStats& stats);

  Source source() const { return source_; }
  /// Every packet; empty for Source::decoding.
  const PacketIndex& packets() const { return packets_; }
  /// See media::reorder_depth(); 0 where it is not known. More than a codec allows where parts overlap in time.
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
  struct PacketScan {
    PacketIndex packets;
    std::vector<Entry> frames;  ///< in presentation order when is_one_to_one
    std::int64_t last_duration = 0;
    bool is_one_to_one = false;  ///< and read to its end
  };

  static PacketScan scan_packets(Demuxer& demuxer, const Limits& limits, VideoStats& stats);
  static FrameIndex from_packets(PacketScan scan, AVRational time_base, VideoStats& stats);
  static FrameIndex from_decoding(Demuxer& demuxer, const Limits& limits, int depth, VideoStats& stats);

  Source source_;
  PacketIndex packets_;
  int reorder_depth_ = 0;
  std::vector<Entry> entries_;
  FrameTimes times_;
  std::int64_t duration_us_ = 0;
};

}  // namespace unreel::media
