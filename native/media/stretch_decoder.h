// Decodes stretches of one stream, one after the other, with a decoder that it keeps.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "media/decode_plan.h"
#include "media/decode_run.h"
#include "media/demuxer.h"
#include "media/frame_index.h"
#include "media/packet_cursor.h"
#include "media/packet_decoder.h"

namespace unreel::media {

/// What all decoders of one video share.
struct DecoderSettings {
  Limits limits;
  int reorder_depth = 0;  ///< see PacketDecoder::Options
  /// Bytes of the decoded frames that anyone holds.
  std::shared_ptr<std::atomic<std::int64_t>> held_bytes = std::make_shared<std::atomic<std::int64_t>>(0);
};

/// Whether libav's threads bring the bytes that one thread brings. Those of MPEG-4 part 2 do not for interlaced B-VOPs.
bool decodes_alike_with_threads(AVCodecID codec);

/// A demuxer and a decoder at work on stretches. Not thread-safe; several may work on one source.
class StretchDecoder {
 public:
  /// All outlive it. Decoders that take turns at one demuxer share its cursor. The index is only read, so that several
  /// threads may share it.
  StretchDecoder(Demuxer& demuxer, PacketCursor& cursor, const FrameIndex& index, const DecoderSettings& settings,
                 VideoStats& stats);

  /// Asked before each packet behind the stretch's last one: whether to go on to it all the same.
  using GoesOn = std::function<bool(std::int64_t position)>;

  /**
   * Decodes the stretch, without the packets that are not sent, with `threads` of libav's. Returns why it was not to
   * the end: the reason for a fallback, or nothing also where the sink ended it. An error that the decoder tells of
   * ends it, since with several threads nobody knows which frames it spoils. Throws what Demuxer and PacketDecoder
   * throw.
   */
  std::optional<FallbackReason> run(const Stretch& stretch, const std::vector<bool>& sent, int threads,
                                    const GoesOn& goes_on, const DecodeRun::Sink& sink);

  /// Decodes every packet from `first` to `last`, and as long as `goes_on` says; or, where the stream is not the one
  /// that was indexed, all of it. Damaged frames come marked.
  void run_full(std::int64_t first, std::int64_t last, bool is_as_indexed, const GoesOn& goes_on,
                const DecodeRun::Sink& sink);

  /// A decoder with so many threads that stands at `first` with nothing of its past that could show.
  PacketDecoder& ready(int threads, std::int64_t first);

 private:
  static constexpr std::int64_t kNever = INT64_MAX;

  Demuxer& demuxer_;
  const FrameIndex& index_;
  const DecoderSettings& settings_;
  VideoStats& stats_;
  PacketCursor& cursor_;
  std::unique_ptr<PacketDecoder> decoder_;
  std::int64_t drained_at_ = kNever;  ///< the position up to which the decoder had seen the stream when it was drained
};

}  // namespace unreel::media
