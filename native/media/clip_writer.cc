#include "media/clip_writer.h"

#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <utility>

#include "base/error.h"
#include "media/av_error.h"
#include "media/av_ptr.h"
#include "media/libav.h"

extern "C" {
#include <libavutil/opt.h>
}

namespace unreel::media {
namespace {

/// What libav calls a codec, and the pixels it is fed.
struct CodecChoice {
  const char* name;
  AVPixelFormat format;
  AVColorRange range;
};

constexpr CodecChoice kCodecs[] = {
    {"mpeg4", AV_PIX_FMT_YUV420P, AVCOL_RANGE_MPEG},
    {"mjpeg", AV_PIX_FMT_YUVJ420P, AVCOL_RANGE_JPEG},
    {"ffv1", AV_PIX_FMT_0RGB32, AVCOL_RANGE_JPEG},
};

const CodecChoice& choice_of(const std::string& codec) {
  for (const CodecChoice& choice : kCodecs) {
    if (codec == choice.name) return choice;
  }
  throw Error(ErrorCode::invalid_argument, "codec must be mpeg4, mjpeg or ffv1; it is '" + codec + "'.");
}

const AVOutputFormat& container_of(const std::string& path) {
  const auto ends_with = [&](const std::string& ending) {
    return path.size() > ending.size() && path.compare(path.size() - ending.size(), ending.size(), ending) == 0;
  };
  const std::pair<const char*, const char*> containers[] = {{".mp4", "mp4"}, {".mkv", "matroska"}, {".avi", "avi"}};
  for (const auto& [ending, name] : containers) {
    if (ends_with(ending)) return *av_guess_format(name, nullptr, nullptr);
  }
  throw Error(ErrorCode::invalid_argument, "A clip's name ends in .mp4, .mkv or .avi; this one is " + path + ".")
      .with("path", path);
}

void check(const ClipOptions& options, const CodecChoice& choice) {
  const auto refuse = [](const std::string& message) { throw Error(ErrorCode::invalid_argument, message); };
  if (options.width < 1 || options.height < 1) refuse("A clip's width and height must be at least 1.");
  if (options.fps_numerator < 1 || options.fps_denominator < 1) refuse("A clip's frame rate must be above 0.");
  if (options.quality < 1 || options.quality > 31) refuse("quality must lie from 1 to 31.");
  if (options.gop < 1) refuse("gop must be at least 1.");
  if (choice.format != AV_PIX_FMT_0RGB32 && (options.width % 2 != 0 || options.height % 2 != 0)) {
    refuse(std::string(choice.name) + " wants an even width and height; they are " + std::to_string(options.width) +
           " x " + std::to_string(options.height) + ".");
  }
}

/// A name beside `path` that no other writer of this machine uses.
std::string scratch_name(const std::string& path) {
  static std::atomic<unsigned> counter{0};
  return path + ".part-" + std::to_string(getpid()) + "-" + std::to_string(counter++);
}

/// The file that holds the bytes until the clip is finished. Gone with this object unless it got its name.
class ScratchFile {
 public:
  explicit ScratchFile(const std::string& target) : target_(target), path_(scratch_name(target)) {}
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  ~ScratchFile() {
    if (created_) std::remove(path_.c_str());
  }

  const std::string& path() const { return path_; }
  void created() { created_ = true; }

  /// Gives the file its name; false when the system refuses.
  bool keep() {
    if (std::rename(path_.c_str(), target_.c_str()) != 0) return false;
    created_ = false;
    return true;
  }

 private:
  const std::string target_;
  const std::string path_;
  bool created_ = false;
};

class FileClipWriter final : public ClipWriter {
 public:
  FileClipWriter(const std::string& path, const ClipOptions& options)
      : path_(path), scratch_(path), choice_(choice_of(options.codec)) {
    check(options, choice_);
    AVFormatContext* format = nullptr;
    throw_if_not_input(avformat_alloc_output_context2(&format, &container_of(path), nullptr, nullptr));
    format_.reset(av_allocated(format));
    open_encoder(options);
    add_stream();
    frame_ = make_picture(options);
    scaler_.reset(av_allocated(make_scaler(options)));
    open_file();
  }

  void write(const std::uint8_t* rgb) override {
    check_written(av_frame_make_writable(frame_.get()));
    const std::uint8_t* const planes[] = {rgb, nullptr, nullptr, nullptr};
    const int strides[] = {encoder_->width * 3, 0, 0, 0};
    check_written(sws_scale(scaler_.get(), planes, strides, 0, encoder_->height, frame_->data, frame_->linesize));
    frame_->pts = next_pts_++;
    frame_->quality = encoder_->global_quality;
    encode(frame_.get());
  }

  void finish() override {
    encode(nullptr);
    check_written(av_write_trailer(format_.get()));
    format_.reset();
    AVIOContext* io = io_.release();
    check_written(avio_closep(&io));
    if (!scratch_.keep()) throw not_writable();
  }

 private:
  void open_encoder(const ClipOptions& options) {
    const AVCodec* codec = avcodec_find_encoder_by_name(choice_.name);
    if (codec == nullptr) {
      throw Error(ErrorCode::codec_unsupported, std::string("This build has no encoder ") + choice_.name + ".");
    }
    if (avformat_query_codec(format_->oformat, codec->id, FF_COMPLIANCE_NORMAL) == 0) {
      throw Error(ErrorCode::invalid_argument, std::string(choice_.name) + " does not go into " +
                                                   format_->oformat->name + "; name the clip .mkv or .avi.");
    }
    encoder_.reset(av_allocated(avcodec_alloc_context3(codec)));
    encoder_->width = options.width;
    encoder_->height = options.height;
    encoder_->pix_fmt = choice_.format;
    encoder_->color_range = choice_.range;
    if (choice_.format != AV_PIX_FMT_0RGB32) encoder_->colorspace = AVCOL_SPC_SMPTE170M;
    encoder_->time_base = {options.fps_denominator, options.fps_numerator};
    encoder_->framerate = {options.fps_numerator, options.fps_denominator};
    encoder_->gop_size = options.gop;
    encoder_->max_b_frames = 0;
    encoder_->thread_count = 1;
    encoder_->global_quality = options.quality * FF_QP2LAMBDA;
    // The same frames give the same bytes: no version strings, no arithmetic that depends on the CPU.
    encoder_->flags |= AV_CODEC_FLAG_BITEXACT | AV_CODEC_FLAG_QSCALE;
    format_->flags |= AVFMT_FLAG_BITEXACT;
    if ((format_->oformat->flags & AVFMT_GLOBALHEADER) != 0) encoder_->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    const int opened = avcodec_open2(encoder_.get(), codec, nullptr);
    throw_if_not_input(opened);
    if (opened < 0) {
      throw av_failure(ErrorCode::invalid_argument,
                       std::string("The ") + choice_.name +
                           " encoder refuses the size, rate or quality: " + av_error_text(opened) + ".",
                       opened);
    }
  }

  void add_stream() {
    stream_ = av_allocated(avformat_new_stream(format_.get(), nullptr));
    stream_->time_base = encoder_->time_base;
    stream_->avg_frame_rate = encoder_->framerate;
    check_written(avcodec_parameters_from_context(stream_->codecpar, encoder_.get()));
  }

  UniqueAVFrame make_picture(const ClipOptions& options) const {
    UniqueAVFrame frame = make_frame();
    frame->format = choice_.format;
    frame->width = options.width;
    frame->height = options.height;
    throw_if_not_input(av_frame_get_buffer(frame.get(), 0));
    return frame;
  }

  /// RGB to the encoder's pixels at the same size: BT.601, chroma averaged over its pixels.
  SwsContext* make_scaler(const ClipOptions& options) const {
    SwsContext* scaler =
        sws_getContext(options.width, options.height, AV_PIX_FMT_RGB24, options.width, options.height, choice_.format,
                       SWS_AREA | SWS_ACCURATE_RND | SWS_BITEXACT | SWS_FULL_CHR_H_INP, nullptr, nullptr, nullptr);
    if (scaler != nullptr) {
      const int* bt601 = sws_getCoefficients(SWS_CS_ITU601);
      const int full = choice_.range == AVCOL_RANGE_JPEG ? 1 : 0;
      sws_setColorspaceDetails(scaler, bt601, 1, bt601, full, 0, 1 << 16, 1 << 16);
    }
    return scaler;
  }

  void open_file() {
    AVIOContext* io = nullptr;
    const int opened = avio_open(&io, ("file:" + scratch_.path()).c_str(), AVIO_FLAG_WRITE);
    io_.reset(io);
    throw_if_not_input(opened);
    if (opened < 0) throw not_writable(": " + av_error_text(opened));
    scratch_.created();
    format_->pb = io_.get();
    check_written(avformat_write_header(format_.get(), nullptr));
  }

  /// Sends one frame, or nullptr for the end, and writes the packets that come.
  void encode(const AVFrame* frame) {
    check_written(avcodec_send_frame(encoder_.get(), frame));
    const UniqueAVPacket packet = make_packet();
    for (;;) {
      const int result = avcodec_receive_packet(encoder_.get(), packet.get());
      if (result == AVERROR(EAGAIN) || result == AVERROR_EOF) return;
      check_written(result);
      packet->duration = 1;
      av_packet_rescale_ts(packet.get(), encoder_->time_base, stream_->time_base);
      packet->stream_index = stream_->index;
      check_written(av_write_frame(format_.get(), packet.get()));
    }
  }

  void check_written(int result) const {
    throw_if_not_input(result);
    if (result >= 0) return;
    throw av_failure(ErrorCode::write_failed,
                     "The clip " + path_ + " cannot be written: " + av_error_text(result) + ".", result)
        .with("path", path_);
  }

  Error not_writable(const std::string& why = "") const {
    return Error(ErrorCode::output_not_writable,
                 path_ + " cannot be written" + why + ". Check the folder and its permissions.")
        .with("path", path_);
  }

  const std::string path_;
  ScratchFile scratch_;
  const CodecChoice& choice_;
  UniqueAVIOContext io_;
  UniqueEncodingAVFormatContext format_;
  UniqueAVCodecContext encoder_;
  AVStream* stream_ = nullptr;  // format_ owns it
  UniqueAVFrame frame_;
  UniqueSwsContext scaler_;
  std::int64_t next_pts_ = 0;
};

}  // namespace

std::unique_ptr<ClipWriter> ClipWriter::open(const std::string& path, const ClipOptions& options) {
  prepare_libav();
  return std::make_unique<FileClipWriter>(path, options);
}

}  // namespace unreel::media
