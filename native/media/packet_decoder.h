// Packets in, frames out: one libav decoder.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>

#include "media/av_ptr.h"
#include "media/limits.h"

namespace unreel::media {

/**
 * Decodes one stream. Feed a packet with send(), then take frames with receive() until it returns false; after the last
 * packet drain() and receive() the rest; flush() makes it ready for another place of the stream. Not thread-safe.
 *
 * With several threads libav decodes several frames at once: frames are the same, but an error may be told of a later
 * packet than the one that has it. Frames that libav holds back as broken are asked for too and come out marked, so
 * that they can be counted: see is_damaged().
 */
class PacketDecoder {
 public:
  struct Options {
    Limits limits;
    int threads = 1;
    int reorder_depth = 0;  ///< frames that the stream is known to reorder by; libav's own guess may be higher
    /// Bytes of the frames that anyone still holds, of all decoders that share it; frames may outlive their decoder.
    std::shared_ptr<std::atomic<std::int64_t>> held_bytes = std::make_shared<std::atomic<std::int64_t>>(0);
  };

  /// Throws codec_unsupported, out_of_memory.
  PacketDecoder(const AVStream& stream, const AVCodec& codec, Options options);
  PacketDecoder(const PacketDecoder&) = delete;
  PacketDecoder& operator=(const PacketDecoder&) = delete;

  /// Feeds one packet; false when the decoder refuses it as damaged, or, for AV1 alone, as larger than maxPixels.
  /// Throws limit_exceeded, out_of_memory.
  bool send(const AVPacket& packet);

  /// Says that no packet follows.
  void drain();

  /// The next frame in presentation order; false when another packet is needed or, after drain(), at the end. Damaged
  /// data is passed over. Throws limit_exceeded, out_of_memory.
  bool receive(AVFrame& frame);

  /// Forgets all that was sent.
  void flush();

  /// How often libav has refused a packet or told of damaged data so far, be it in its log.
  std::int64_t errors() const { return errors_ + complaints_; }

  /// Counts what a decoder of ours says in libav's log. Any thread.
  static void complain(const AVCodecContext& context);

  AVCodecID codec_id() const { return context_->codec_id; }
  int threads() const { return options_.threads; }

 private:
  using Clock = std::chrono::steady_clock;

  static int get_buffer(AVCodecContext* context, AVFrame* frame, int flags);
  bool holds(AVFrame& frame);
  void account(Clock::time_point begin);
  void throw_if_over_limit() const;

  const Options options_;
  // Set by libav's threads, in get_buffer().
  std::atomic<std::int64_t> pixels_over_limit_{0};
  std::atomic<std::int64_t> bytes_over_limit_{0};
  std::atomic<std::int64_t> complaints_{0};
  Clock::duration packet_time_{};  ///< spent in libav since the last packet was sent
  std::int64_t errors_ = 0;
  UniqueAVCodecContext context_;  // first to go: its threads use the members above
};

/// Whether libav marked the frame as corrupt, or concealed errors in it.
bool is_damaged(const AVFrame& frame);

}  // namespace unreel::media
