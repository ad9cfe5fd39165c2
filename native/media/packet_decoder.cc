#include "media/packet_decoder.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "base/check.h"
#include "media/av_error.h"

namespace unreel::media {
namespace {

/// Rides on a frame and on every reference to it; gives its bytes back with the last one.
struct Held {
  std::shared_ptr<std::atomic<std::int64_t>> total;
  std::int64_t bytes;
};

void give_back(void*, std::uint8_t* data) {
  auto* held = reinterpret_cast<Held*>(data);
  held->total->fetch_sub(held->bytes);
  delete held;
}

}  // namespace

PacketDecoder::PacketDecoder(const AVStream& stream, const AVCodec& codec, Options options)
    : options_(std::move(options)), context_(av_allocated(avcodec_alloc_context3(&codec))) {
  throw_if_not_input(avcodec_parameters_to_context(context_.get(), stream.codecpar));
  context_->pkt_timebase = stream.time_base;
  context_->thread_count = options_.threads;
  // H.264 frames before the first recovery point are withheld without this flag. With it they come, and those that
  // drain() brings are not even marked.
  if (codec.id != AV_CODEC_ID_H264) context_->flags |= AV_CODEC_FLAG_OUTPUT_CORRUPT;
  context_->opaque = this;
  context_->get_buffer2 = get_buffer;
  // Streams that do not tell their depth make libav guess low, and then drop what comes late.
  if (codec.id == AV_CODEC_ID_H264) {
    constexpr int kMost = 16;  // its decoded picture buffer's
    context_->has_b_frames = std::max(context_->has_b_frames, std::min(options_.reorder_depth, kMost));
  }
  // dav1d allocates its pictures itself and never comes to get_buffer(). The others are stopped there, where the size
  // is known and can be told.
  if (std::strcmp(codec.name, "libdav1d") == 0)
    context_->max_pixels = std::max<std::int64_t>(options_.limits.max_pixels, 1);
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
  if (shown > decoder.options_.limits.max_pixels || stored > decoder.options_.limits.max_pixels + kPadding) {
    decoder.pixels_over_limit_ = std::max(shown, stored);
    return AVERROR(EINVAL);
  }
  const int result = avcodec_default_get_buffer2(context, frame, flags);
  if (result < 0 || decoder.holds(*frame)) return result;
  av_frame_unref(frame);
  return AVERROR(EINVAL);
}

void PacketDecoder::complain(const AVCodecContext& context) {
  // libav's own contexts, those that look at a stream's first frames, are nobody's.
  if (context.get_buffer2 == get_buffer) ++static_cast<PacketDecoder*>(context.opaque)->complaints_;
}

bool PacketDecoder::holds(AVFrame& frame) {
  std::int64_t bytes = 0;
  for (const AVBufferRef* buffer : frame.buf) bytes += buffer == nullptr ? 0 : static_cast<std::int64_t>(buffer->size);
  const std::int64_t total = options_.held_bytes->fetch_add(bytes) + bytes;
  auto* held = new Held{options_.held_bytes, bytes};
  frame.opaque_ref = av_buffer_create(reinterpret_cast<std::uint8_t*>(held), sizeof *held, give_back, nullptr, 0);
  if (frame.opaque_ref == nullptr) give_back(nullptr, reinterpret_cast<std::uint8_t*>(held));
  if (total <= options_.limits.max_memory_bytes) return frame.opaque_ref != nullptr;
  bytes_over_limit_ = total;
  return false;
}

void PacketDecoder::throw_if_over_limit() const {
  if (pixels_over_limit_ > 0) check_limit("maxPixels", pixels_over_limit_, options_.limits.max_pixels);
  if (bytes_over_limit_ > 0) check_limit("maxMemoryBytes", bytes_over_limit_, options_.limits.max_memory_bytes);
}

void PacketDecoder::account(Clock::time_point begin) {
  packet_time_ += Clock::now() - begin;
  if (packet_time_ > std::chrono::milliseconds(options_.limits.frame_timeout_ms)) {
    throw limit_reached("frameTimeoutMs", options_.limits.frame_timeout_ms);
  }
}

bool PacketDecoder::send(const AVPacket& packet) {
  const Clock::time_point begin = Clock::now();
  const int result = avcodec_send_packet(context_.get(), &packet);
  packet_time_ = {};
  account(begin);
  throw_if_over_limit();
  throw_if_not_input(result);
  UNREEL_CHECK(result != AVERROR(EAGAIN));
  if (result < 0) ++errors_;
  return result >= 0;
}

void PacketDecoder::drain() {
  packet_time_ = {};
  throw_if_not_input(avcodec_send_packet(context_.get(), nullptr));
}

bool PacketDecoder::receive(AVFrame& frame) {
  for (;;) {
    const Clock::time_point begin = Clock::now();
    const int result = avcodec_receive_frame(context_.get(), &frame);
    account(begin);
    // A frame that did not come through get_buffer() is counted as late as this.
    if (result >= 0 && (frame.opaque_ref != nullptr || holds(frame))) return true;
    throw_if_over_limit();
    throw_if_not_input(result);
    if (result == AVERROR(EAGAIN) || result == AVERROR_EOF) return false;
    ++errors_;
  }
}

void PacketDecoder::flush() { avcodec_flush_buffers(context_.get()); }

bool is_damaged(const AVFrame& frame) {
  return (frame.flags & AV_FRAME_FLAG_CORRUPT) != 0 || frame.decode_error_flags != 0;
}

}  // namespace unreel::media
