// Packets in, frames out: one libav decoder.
#pragma once

#include <cstdint>

#include "media/av_ptr.h"
#include "media/limits.h"

namespace unreel::media {

/**
 * Decodes one stream. Feed a packet with send(), then take frames with receive() until it returns false; after the last
 * packet drain() and receive() the rest. Not thread-safe. Runs on one thread: many videos at once beat many threads a
 * video.
 *
 * Frames that libav holds back as broken are asked for too and come out marked, so that they can be counted: see
 * is_damaged().
 */
class PacketDecoder {
 public:
  /// Throws codec_unsupported, out_of_memory.
  PacketDecoder(const AVStream& stream, const AVCodec& codec, const Limits& limits);
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

 private:
  static int get_buffer(AVCodecContext* context, AVFrame* frame, int flags);
  void throw_if_over_limit() const;

  UniqueAVCodecContext context_;
  Limits limits_;
  std::int64_t pixels_over_limit_ = 0;
};

/// Whether libav marked the frame as corrupt, or concealed errors in it.
bool is_damaged(const AVFrame& frame);

}  // namespace unreel::media
