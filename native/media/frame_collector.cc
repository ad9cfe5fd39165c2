#include "media/frame_collector.h"

#include <utility>

#include "media/packet_decoder.h"
#include "media/pixel_format.h"

namespace unreel::media {

FrameCollector::FrameCollector(const FrameIndex& index, const Orientation& orientation,
                               std::vector<std::int64_t> wanted, const Video::Sink& sink)
    : index_(index), orientation_(orientation), order_(std::move(wanted), index.reorder_depth()), sink_(sink) {}

bool FrameCollector::take_planned(UniqueAVFrame&& decoded) {
  const std::optional<std::int64_t> number = number_of(*decoded);
  if (!number) return true;
  if (order_.wants(*number)) {
    if (is_damaged(*decoded)) {
      trouble_ = FallbackReason::frame_damaged;
      return false;
    } else {
      order_.put(shown(std::move(decoded), *number));
    }
  }
  if (order_.arrived(*number)) trouble_ = FallbackReason::frame_missing;
  return hand_out() && !order_.complete() && !trouble_;
}

bool FrameCollector::take_full(UniqueAVFrame&& decoded) {
  const std::optional<std::int64_t> number = number_of(*decoded);
  if (!number) return true;
  if (order_.wants(*number)) {
    if (is_damaged(*decoded)) {
      order_.put_damaged(*number);
    } else {
      order_.put(shown(std::move(decoded), *number));
    }
  }
  if (order_.arrived(*number)) order_.give_up_overtaken();
  return hand_out() && !order_.complete();
}

void FrameCollector::put_damaged(std::int64_t frame) {
  order_.put_damaged(frame);
  hand_out();
}

void FrameCollector::give_up(std::int64_t frame) {
  if (!order_.wants(frame)) return;
  order_.give_up(frame);
  hand_out();
}

void FrameCollector::finish() {
  if (stopped_) return;
  order_.finish();
  hand_out();
}

/// Nothing for a frame that the index does not know.
std::optional<std::int64_t> FrameCollector::number_of(const AVFrame& frame) {
  if (index_.source() == FrameIndex::Source::packets) return index_.find(frame.pts);
  return arrivals_ < index_.size() ? std::optional(arrivals_++) : std::nullopt;
}

Frame FrameCollector::shown(UniqueAVFrame&& decoded, std::int64_t number) const {
  make_readable(decoded);
  Frame frame = Frame::adopt(decoded.release());
  frame.index = number;
  frame.pts_us = index_.times().pts_us[static_cast<std::size_t>(number)];
  frame.key_frame = index_.at(number).key;
  frame.quarter_turns = orientation_.quarter_turns;
  frame.flipped = orientation_.flipped;
  return frame;
}

bool FrameCollector::hand_out() {
  while (!stopped_) {
    std::optional<Frame> frame = order_.take();
    if (!frame) return true;
    ++handed_out_;
    stopped_ = !sink_(std::move(*frame));
  }
  return false;
}

}  // namespace unreel::media
