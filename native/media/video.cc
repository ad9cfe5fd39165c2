#include "media/video.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "media/av_error.h"
#include "media/decode_run.h"
#include "media/demuxer.h"
#include "media/file_source.h"
#include "media/frame_collector.h"
#include "media/frame_index.h"
#include "media/libav.h"
#include "media/orientation.h"
#include "media/packet_decoder.h"
#include "media/pixel_format.h"
#include "media/plan_runner.h"

extern "C" {
#include <libavutil/mathematics.h>
#include <libavutil/pixdesc.h>
}

namespace unreel::media {
namespace {

std::string text_or(const char* text, const char* otherwise) { return text == nullptr ? otherwise : text; }

std::string range_name(AVPixelFormat format, AVColorRange range) {
  if (format == AV_PIX_FMT_NONE) return "unspecified";
  switch (range_of(format, range)) {
    case ColorRange::limited:
      return "limited";
    case ColorRange::full:
      return "full";
    case ColorRange::unspecified:
      break;
  }
  return "unspecified";
}

std::optional<std::int64_t> announced_duration_us(const Demuxer& demuxer) {
  const AVStream& stream = demuxer.stream();
  if (stream.duration > 0) return av_rescale_q(stream.duration, stream.time_base, {1, 1'000'000});
  if (demuxer.format().duration > 0) return demuxer.format().duration;  // in AV_TIME_BASE: microseconds
  return std::nullopt;
}

VideoInfo info_of(const Demuxer& demuxer, const FrameIndex& index, const Orientation& orientation) {
  const AVCodecParameters& parameters = *demuxer.stream().codecpar;
  const auto format = static_cast<AVPixelFormat>(parameters.format);
  const char* space =
      parameters.color_space == AVCOL_SPC_UNSPECIFIED ? nullptr : av_color_space_name(parameters.color_space);
  const bool sideways = orientation.quarter_turns % 2 == 1;
  VideoInfo info;
  info.width = sideways ? parameters.height : parameters.width;
  info.height = sideways ? parameters.width : parameters.height;
  info.rotation = orientation.quarter_turns * 90;
  info.duration_us = announced_duration_us(demuxer);
  if (!info.duration_us && index.duration_us() > 0) info.duration_us = index.duration_us();
  info.start_us = index.times().pts_us.front();
  info.frame_count = index.size();
  info.codec = avcodec_get_name(parameters.codec_id);
  info.pixel_format = text_or(av_get_pix_fmt_name(format), "unknown");
  info.color_space = text_or(space, "unspecified");
  info.color_range = range_name(format, parameters.color_range);
  info.container = demuxer.format().iformat->name;
  info.sample_aspect_ratio = sideways ? 1 / demuxer.sample_aspect_ratio() : demuxer.sample_aspect_ratio();
  info.stream = demuxer.stream().index;
  return info;
}

class OpenVideo final : public Video {
 public:
  OpenVideo(std::shared_ptr<ByteSource> source, const Limits& limits, const CancelToken& cancel)
      : limits_(limits),
        interrupt_(opening(limits, cancel)),
        demuxer_(std::move(source), limits, interrupt_),
        index_(checked_index()),
        runner_(demuxer_, index_, limits_, interrupt_, stats_) {
    orientation_ = read_orientation();
    info_ = info_of(demuxer_, index_, orientation_);
    check_limit("maxDurationUs", info_.duration_us.value_or(0), limits_.max_duration_us);
    interrupt_.clear_deadline();
  }

  const VideoInfo& info() const override { return info_; }
  const FrameTimes& times() const override { return index_.times(); }
  const VideoStats& stats() const override { return stats_; }

  void sample(const SamplePolicy& policy, int threads, const CancelToken& cancel, const Sink& sink) override {
    const std::vector<std::int64_t> wanted = wanted_frames(policy, index_.times());
    if (wanted.empty()) return;
    interrupt_.set_call(cancel);
    FrameCollector collector(index_, orientation_, wanted, sink);
    runner_.run(wanted, std::max(threads, 1), collector);
    stats_.frames_damaged += collector.damaged();
    stats_.frames_missing += collector.missing();
    if (collector.handed_out() == 0) throw nothing_decoded(wanted.size(), collector);
  }

 private:
  static Interrupt opening(const Limits& limits, const CancelToken& cancel) {
    Interrupt interrupt(cancel);
    interrupt.set_deadline("openTimeoutMs", limits.open_timeout_ms);
    return interrupt;
  }

  FrameIndex checked_index() {
    demuxer_.check_table();
    FrameIndex index = FrameIndex::read(demuxer_, limits_, stats_);
    demuxer_.check_table();  // once more: now that all was read, a stream's size is known
    if (index.size() > 0) return index;
    throw Error(ErrorCode::no_frames, demuxer_.name() + " holds a video stream without a single frame.")
        .with("path", demuxer_.name());
  }

  /// One for all frames. A picture's own EXIF orientation is known only once it is decoded; videos say it in their
  /// header.
  Orientation read_orientation() {
    if (index_.size() > 1) return orientation_of(*demuxer_.stream().codecpar);
    Orientation orientation = orientation_of(*demuxer_.stream().codecpar);
    demuxer_.rewind();
    PacketDecoder decoder(demuxer_.stream(), demuxer_.codec(), {limits_});
    decode_all(demuxer_, decoder, stats_, [&](UniqueAVFrame&& frame) {
      orientation = orientation_of(*frame);
      return false;
    });
    return orientation;
  }

  Error nothing_decoded(std::size_t wanted, const FrameCollector& run) const {
    return Error(ErrorCode::no_frames, "Not one of the " + std::to_string(wanted) + " wanted frames of " +
                                           demuxer_.name() + " could be decoded: " + std::to_string(run.damaged()) +
                                           " are damaged, " + std::to_string(run.missing()) + " missing.")
        .with("path", demuxer_.name())
        .with("framesDamaged", run.damaged())
        .with("framesMissing", run.missing());
  }

  Limits limits_;
  Interrupt interrupt_;
  VideoStats stats_;
  Demuxer demuxer_;
  FrameIndex index_;
  PlanRunner runner_;
  Orientation orientation_;
  VideoInfo info_;
};

}  // namespace

void VideoStats::add_difference(const VideoStats& before, const VideoStats& after) {
  packets = after.packets;
  packets_read += after.packets_read - before.packets_read;
  packets_decoded += after.packets_decoded - before.packets_decoded;
  frames_damaged += after.frames_damaged - before.frames_damaged;
  frames_missing += after.frames_missing - before.frames_missing;
  for (std::size_t i = 0; i < fallbacks.size(); ++i) fallbacks[i] += after.fallbacks[i] - before.fallbacks[i];
}

std::unique_ptr<Video> Video::open(std::shared_ptr<ByteSource> source, const Limits& limits,
                                   const CancelToken& cancel) {
  return std::make_unique<OpenVideo>(std::move(source), limits, cancel);
}

std::unique_ptr<Video> Video::open(const std::string& path, const Limits& limits, const CancelToken& cancel) {
  return open(open_file_source(path), limits, cancel);
}

}  // namespace unreel::media
