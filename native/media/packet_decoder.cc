#include "media/packet_decoder.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "base/check.h"
#include "media/av_error.h"

namespace unreel::media {

PacketDecoder::PacketDecoder(const AVStream& stream, const AVCodec& codec, const Limits& limits)
    : context_(av_allocated(avcodec_alloc_context3(&codec))), limits_(limits) {
  throw_if_not_input(avcodec_parameters_to_context(context_.get(), stream.codecpar));
  context_->pkt_timebase = stream.time_base;
  context_->thread_count = 1;
  context_->flags |= AV_CODEC_FLAG_OUTPUT_CORRUPT;
  context_->opaque = this;
  context_->get_buffer2 = get_buffer;
  // dav1d allocates its pictures itself and never comes to get_buffer(). The others are stopped there, where the size
  // is known and can be told.
  if (std::strcmp(codec.name, "libdav1d") == 0) context_->max_pixels = std::max<std::int64_t>(limits.max_pixels, 1);
  const int opened = avcodec_open2(context_.get(), &codec, nullptr);
  throw_if_not_input(opened);
  if (opened < 0) {
    throw av_failure(ErrorCode::codec_unsupported,
                     std::string("The ") + codec.name + " decoder refuses the stream: " + av_error_text(opened) + ".",
                     opened)
        .with("codec", codec.name);
  }
}

int PacketDecoder::get_buffer(AVCodecContext* context, AVFrame* frame, int flags) {
  auto& decoder = *static_cast<PacketDecoder*>(context->opaque);
  // What is shown must keep the limit exactly; what is stored, before cropping and padded by libav, nearly.
  constexpr std::int64_t kPadding = 1 << 20;
  const std::int64_t shown = std::int64_t{context->width} * context->height;
  const std::int64_t stored = std::int64_t{frame->width} * frame->height;
  if (shown > decoder.limits_.max_pixels || stored > decoder.limits_.max_pixels + kPadding) {
    decoder.pixels_over_limit_ = std::max(shown, stored);
    return AVERROR(EINVAL);
  }
  return avcodec_default_get_buffer2(context, frame, flags);
}

void PacketDecoder::throw_if_over_limit() const {
  if (pixels_over_limit_ > 0) check_limit("maxPixels", pixels_over_limit_, limits_.max_pixels);
}

bool PacketDecoder::send(const AVPacket& packet) {
  const int result = avcodec_send_packet(context_.get(), &packet);
  throw_if_over_limit();
  throw_if_not_input(result);
  UNREEL_CHECK(result != AVERROR(EAGAIN));
  return result >= 0;
}

void PacketDecoder::drain() { throw_if_not_input(avcodec_send_packet(context_.get(), nullptr)); }

bool PacketDecoder::receive(AVFrame& frame) {
  for (;;) {
    const int result = avcodec_receive_frame(context_.get(), &frame);
    if (result >= 0) return true;
    throw_if_over_limit();
    throw_if_not_input(result);
    if (result == AVERROR(EAGAIN) || result == AVERROR_EOF) return false;
  }
}

bool is_damaged(const AVFrame& frame) {
  return (frame.flags & AV_FRAME_FLAG_CORRUPT) != 0 || frame.decode_error_flags != 0;
}

}  // namespace unreel::media
