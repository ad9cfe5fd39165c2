#include "media/demuxer.h"

#include <algorithm>
#include <climits>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "media/av_error.h"
#include "media/iso_boxes.h"
#include "media/iso_tables.h"
#include "media/libav.h"
#include "media/png_chunks.h"

extern "C" {
#include <libavutil/avstring.h>
}

namespace unreel::media {
namespace {

Error file_failure(ErrorCode code, const std::string& path, const std::string& what, int averror) {
  return av_failure(code, path + " " + what + " (libav: " + av_error_text(averror) + ").", averror).with("path", path);
}

/// One options dictionary for each stream, as avformat_find_stream_info() wants them. The frames that it decodes stay
/// below the limit too; libav compares sizes that it has padded, hence the slack. The exact limit is ours to check.
class StreamOptions {
 public:
  StreamOptions(unsigned streams, std::int64_t max_pixels) {
    constexpr std::int64_t kSlack = 1 << 20;
    for (unsigned i = 0; i < streams; ++i) {
      AVDictionary* options = nullptr;
      av_dict_set_int(&options, "max_pixels", std::min<std::int64_t>(max_pixels, INT_MAX - 2 * kSlack) + kSlack, 0);
      // Nobody sees the pixels.
      av_dict_set(&options, "skip_loop_filter", "all", 0);
      av_dict_set(&options, "skip_idct", "all", 0);
      dictionaries_.push_back(options);
    }
  }
  StreamOptions(const StreamOptions&) = delete;
  StreamOptions& operator=(const StreamOptions&) = delete;
  ~StreamOptions() {
    for (AVDictionary*& options : dictionaries_) av_dict_free(&options);
  }
  AVDictionary** data() { return dictionaries_.data(); }

 private:
  std::vector<AVDictionary*> dictionaries_;
};

bool is_cover_picture(const AVStream& stream) { return (stream.disposition & AV_DISPOSITION_ATTACHED_PIC) != 0; }

}  // namespace

Demuxer::Demuxer(std::shared_ptr<ByteSource> source, const Limits& limits, const Interrupt& interrupt)
    : source_(std::move(source)), limits_(limits), interrupt_(interrupt) {
  prepare_libav();
  if (const auto size = source_->size()) check_limit("maxBytes", *size, limits_.max_bytes);
  open();
}

Demuxer::PacketMark Demuxer::mark_of(const AVPacket& packet) {
  return {packet.pos, packet.pts, packet.dts, packet.size, packet.side_data_elems};
}

int Demuxer::interrupted(void* self) { return static_cast<const Demuxer*>(self)->interrupt_.fired() ? 1 : 0; }

int Demuxer::refuse_to_open(AVFormatContext*, AVIOContext**, const char*, int, AVDictionary**) {
  return AVERROR(EPERM);
}

void Demuxer::check(int result) const {
  input_->rethrow();
  interrupt_.check();
  // A demuxer's ENOMEM is an allocation above the bound. Memory that is really out ends a process on Linux.
  if (result == AVERROR(ENOMEM)) {
    throw Error(ErrorCode::limit_exceeded, name() + " makes libav ask for more than 1 GiB of memory at once.")
        .with("limit", "maxMemoryBytes")
        .with("maximum", static_cast<std::int64_t>(kLargestAllocation));
  }
  throw_if_not_input(result);
}

void Demuxer::open() {
  is_at_start_ = true;
  format_.reset();
  ahead_.reset();
  interrupt_.check();
  input_ = std::make_unique<ByteInput>(source_, interrupt_);
  take_libav_refusals();
  refused_pixels_ = 0;
  const AVInputFormat& format = recognised_format();
  if (av_match_name("mp4", format.name) != 0) check_iso_tables(*source_, limits_, interrupt_);
  if (av_match_name("png_pipe", format.name) != 0 || av_match_name("apng", format.name) != 0)
    check_png_chunks(*source_, limits_, interrupt_);
  open_container(format);
  check_limit("maxStreams", format_->nb_streams, limits_.max_streams);
  choose_stream();
  check_pixels();
}

const AVInputFormat& Demuxer::recognised_format() {
  const AVInputFormat* format = nullptr;
  const int score = av_probe_input_buffer2(input_->context(), &format, "", nullptr, 0, 0);
  check(score);
  if (score < 0 || format == nullptr) {
    throw Error(ErrorCode::not_media, name() + " is no video, picture or other media that unreel knows by its bytes.")
        .with("path", name());
  }
  weakly_recognised_ = score <= AVPROBE_SCORE_RETRY;
  return *format;
}

void Demuxer::open_container(const AVInputFormat& format) {
  AVFormatContext* context = av_allocated(avformat_alloc_context());
  context->pb = input_->context();
  context->interrupt_callback = {interrupted, this};
  context->io_open = refuse_to_open;
  // One more than allowed, so that the check behind it can speak.
  context->max_streams = static_cast<int>(std::min<std::int64_t>(limits_.max_streams, INT_MAX - 1)) + 1;
  // FLV's list of key frames is not needed, and libav allocates whatever it claims.
  context->flags |= av_match_name("flv", format.name) != 0 ? AVFMT_FLAG_IGNIDX : 0;
  const int opened = avformat_open_input(&context, "", &format, nullptr);  // frees the context when it fails
  format_.reset(opened < 0 ? nullptr : context);
  check_streams();
  check(opened);
  if (opened < 0) {
    if (weakly_recognised_) throw file_failure(ErrorCode::not_media, name(), "is no media that unreel knows", opened);
    throw file_failure(ErrorCode::truncated, name(),
                       std::string("looks like ") + format.name +
                           " but its header is cut off or damaged; the file is " +
                           "probably an unfinished download or recording",
                       opened)
        .with("container", format.name);
  }
  StreamOptions stream_options(format_->nb_streams, limits_.max_pixels);
  const int found = avformat_find_stream_info(format_.get(), stream_options.data());
  check_streams();
  check(found);
  if (found < 0) throw file_failure(ErrorCode::not_media, name(), "holds no stream that can be understood", found);
}

void Demuxer::check_streams() {
  const LibavRefusals refused = take_libav_refusals();
  refused_pixels_ = std::max(refused_pixels_, refused.pixels);
  if (refused.streams > 0) check_limit("maxStreams", refused.streams + 1, limits_.max_streams);
}

void Demuxer::choose_stream() {
  codec_ = nullptr;
  stream_ = av_find_best_stream(format_.get(), AVMEDIA_TYPE_VIDEO, -1, -1, &codec_, 0);
  if (stream_ >= 0 && is_cover_picture(stream())) {
    stream_ = AVERROR_STREAM_NOT_FOUND;
    for (unsigned i = 0; i < format_->nb_streams && stream_ < 0; ++i) {
      if (is_cover_picture(*format_->streams[i])) continue;
      stream_ = av_find_best_stream(format_.get(), AVMEDIA_TYPE_VIDEO, static_cast<int>(i), -1, &codec_, 0);
    }
  }
  if (stream_ == AVERROR_DECODER_NOT_FOUND) {
    const int any = av_find_best_stream(format_.get(), AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
    const char* codec = any < 0 ? "unknown" : avcodec_get_name(format_->streams[any]->codecpar->codec_id);
    throw Error(ErrorCode::codec_unsupported,
                name() + " holds video of the codec '" + codec +
                    "', which this build cannot decode. Transcode it, to H.264 for instance.")
        .with("path", name())
        .with("codec", codec);
  }
  if (stream_ < 0 || codec_ == nullptr) {
    if (weakly_recognised_) {
      throw Error(ErrorCode::not_media, name() + " is no media that unreel knows.").with("path", name());
    }
    if (is_container("mp4") && ends_inside_a_box(*source_, interrupt_)) {
      throw Error(ErrorCode::truncated,
                  name() + " is cut off inside its header; it is probably an unfinished download.")
          .with("path", name());
    }
    throw Error(ErrorCode::no_video, name() + " holds no video stream.")
        .with("path", name())
        .with("container", format_->iformat->name);
  }
  for (unsigned i = 0; i < format_->nb_streams; ++i) {
    format_->streams[i]->discard = static_cast<int>(i) == stream_ ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
  }
}

void Demuxer::check_pixels() const {
  const AVCodecParameters& parameters = *stream().codecpar;
  const std::int64_t pixels = std::int64_t{parameters.width} * parameters.height;
  // libav forgets a size that is larger than it takes.
  check_limit("maxPixels", pixels > 0 ? pixels : refused_pixels_, limits_.max_pixels);
}

bool Demuxer::read(AVPacket& packet) {
  av_packet_unref(&packet);
  if (ahead_) {
    av_packet_move_ref(&packet, ahead_.get());
    ahead_.reset();
    return true;
  }
  const bool is_first = is_at_start_;
  if (!read_next(packet)) return false;
  if (is_first && !first_) first_ = mark_of(packet);
  return true;
}

bool Demuxer::read_next(AVPacket& packet) {
  is_at_start_ = false;
  for (;;) {
    interrupt_.check();
    const int result = av_read_frame(format_.get(), &packet);
    if (result == AVERROR(EAGAIN)) continue;
    check(result);
    // A demuxer's own error is the end of what can be had.
    if (result < 0) return false;
    if (packet.stream_index == stream_ && packet.size > 0) return true;
    av_packet_unref(&packet);
  }
}

bool Demuxer::seek(const PacketEntry& target) {
  // Of these containers libav knows the key packets' places, by the index or by cues; it may land on an earlier one.
  if (!is_container("mp4") && !is_container("matroska") && !is_container("avi")) return false;
  is_at_start_ = false;
  ahead_.reset();
  const std::int64_t time = target.pts != kNoTime ? target.pts : target.dts;
  if (time == kNoTime) return false;
  const int moved = av_seek_frame(format_.get(), stream_, time, AVSEEK_FLAG_BACKWARD);
  check(moved);
  if (moved < 0) return false;
  UniqueAVPacket packet = make_packet();
  while (read_next(*packet)) {
    if (packet->pos == target.byte && packet->pts == target.pts && packet->size == target.size) {
      ahead_ = std::move(packet);
      return true;
    }
    if (packet->pos > target.byte && packet->dts != AV_NOPTS_VALUE && packet->dts > target.dts) return false;
  }
  return false;
}

void Demuxer::rewind() {
  if (is_at_start_ || (first_ && seek_to_start())) return;
  open();
}

bool Demuxer::seek_to_start() {
  if (!is_container("mp4") && !is_container("matroska") && !is_container("avi")) return false;
  ahead_.reset();
  const std::int64_t target = std::min(first_->pts == AV_NOPTS_VALUE ? INT64_MAX : first_->pts,
                                       first_->dts == AV_NOPTS_VALUE ? INT64_MAX : first_->dts);
  if (target == INT64_MAX || av_seek_frame(format_.get(), stream_, target, AVSEEK_FLAG_BACKWARD) < 0) return false;
  UniqueAVPacket packet = make_packet();
  if (!read_next(*packet)) return false;
  if (!(mark_of(*packet) == *first_)) return false;
  ahead_ = std::move(packet);
  return true;
}

double Demuxer::sample_aspect_ratio() const {
  const AVRational ratio = av_guess_sample_aspect_ratio(format_.get(), format_->streams[stream_], nullptr);
  return ratio.num > 0 && ratio.den > 0 ? av_q2d(ratio) : 1.0;
}

bool Demuxer::is_container(const char* name) const { return av_match_name(name, format_->iformat->name) != 0; }

void Demuxer::check_table() const {
  // MP4's table gives positions in the file. Those of other demuxers here are relative, or grow while packets are read.
  if (!is_container("mp4")) return;
  AVStream* stream = format_->streams[stream_];
  const std::optional<std::int64_t> size = source_->size();
  if (!size) return;
  const int listed = avformat_index_get_entries_count(stream);
  int beyond = 0;
  for (int i = 0; i < listed; ++i) {
    const AVIndexEntry* entry = avformat_index_get_entry(stream, i);
    if (entry->pos + entry->size > *size) ++beyond;
  }
  if (beyond == 0) return;
  throw Error(ErrorCode::truncated,
              name() + " is cut off: " + std::to_string(beyond) + " of the " + std::to_string(listed) +
                  " packets that it lists lie beyond its end. It is probably an unfinished download.")
      .with("path", name())
      .with("listed", std::int64_t{listed})
      .with("beyondEnd", std::int64_t{beyond});
}

}  // namespace unreel::media
