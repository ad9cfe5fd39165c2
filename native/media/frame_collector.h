// From decoded frames to the wanted ones: each gets its number, and they leave in presentation order.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "media/av_ptr.h"
#include "media/frame_index.h"
#include "media/orientation.h"
#include "media/presentation_order.h"
#include "media/video.h"

namespace unreel::media {

/**
 * Keeps account of one sampling over all runs of the decoders that it takes. Not thread-safe.
 *
 * While a part of the stream is decoded a wanted frame that is damaged or does not come means that the part was not
 * enough, or that the file is damaged; which of both, a full decode tells. So take_planned() stops at such a frame and
 * says why, and take_full() counts it as lost.
 */
class FrameCollector {
 public:
  /// `wanted` ascending, without duplicates. Index and sink outlive the collector.
  FrameCollector(const FrameIndex& index, const Orientation& orientation, std::vector<std::int64_t> wanted,
                 const Video::Sink& sink);

  /// A frame of a planned run. False when that run is to end: the sampling is complete, or trouble() says why.
  bool take_planned(UniqueAVFrame&& decoded);

  /// A frame of a run that decodes everything from where it begins. False when the sampling is complete.
  bool take_full(UniqueAVFrame&& decoded);

  /// Why the last planned run was ended.
  std::optional<FallbackReason> trouble() const { return trouble_; }
  void set_trouble(FallbackReason reason) { trouble_ = reason; }
  void clear_trouble() { trouble_.reset(); }

  /// The next run begins at the stream's first packet: for frames that are known by their order of arrival.
  void begin_at_start() { arrivals_ = 0; }

  /// Whether the frame is wanted and has not come.
  bool awaits(std::int64_t frame) const { return order_.wants(frame); }

  /// The frame is damaged and need not be decoded to know it.
  void put_damaged(std::int64_t frame);

  /// The frame will not come any more.
  void give_up(std::int64_t frame);

  /// No frame follows at all.
  void finish();

  /// Whether the sampling is over: all came or were given up, or the sink wants no more.
  bool complete() const { return stopped_ || order_.complete(); }

  std::int64_t handed_out() const { return handed_out_; }
  std::int64_t damaged() const { return order_.damaged(); }
  std::int64_t missing() const { return order_.missing(); }

 private:
  std::optional<std::int64_t> number_of(const AVFrame& frame);
  Frame shown(UniqueAVFrame&& decoded, std::int64_t number) const;
  bool hand_out();

  const FrameIndex& index_;
  const Orientation orientation_;
  PresentationOrder order_;
  const Video::Sink& sink_;
  std::optional<FallbackReason> trouble_;
  std::int64_t arrivals_ = 0;
  std::int64_t handed_out_ = 0;
  bool stopped_ = false;
};

}  // namespace unreel::media
