#include "media/av_error.h"

#include <cstdint>

#include "media/av_ptr.h"

namespace unreel::media {

std::string av_error_text(int averror) {
  char text[AV_ERROR_MAX_STRING_SIZE] = {};
  av_strerror(averror, text, sizeof text);
  return text;
}

Error av_failure(ErrorCode code, const std::string& message, int averror) {
  return Error(code, message).with("averror", std::int64_t{averror}).with("averrorText", av_error_text(averror));
}

void throw_if_not_input(int averror) {
  if (averror == AVERROR(ENOMEM)) throw Error(ErrorCode::out_of_memory, "libav ran out of memory.");
  if (averror == AVERROR_EXIT) throw Error(ErrorCode::aborted, "The operation was aborted.");
}

UniqueAVPacket make_packet() { return UniqueAVPacket(av_allocated(av_packet_alloc())); }

UniqueAVFrame make_frame() { return UniqueAVFrame(av_allocated(av_frame_alloc())); }

}  // namespace unreel::media
