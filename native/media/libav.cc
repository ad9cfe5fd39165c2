#include "media/libav.h"

#include <algorithm>
#include <cstdarg>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

#include "media/av_ptr.h"
#include "media/packet_decoder.h"
#include "media/video.h"

namespace unreel::media {
namespace {

thread_local LibavRefusals refusals;

bool begins_with(const char* text, const char* beginning) {
  return std::strncmp(text, beginning, std::strlen(beginning)) == 0;
}

/// libav's own texts, av_image_check_size2() and avformat_new_stream().
void note_refusal(const char* format, va_list arguments) {
  if (begins_with(format, "Picture size %ux%u ")) {
    const std::int64_t width = va_arg(arguments, unsigned);
    const std::int64_t height = va_arg(arguments, unsigned);
    const bool overflows = height > 0 && width > INT64_MAX / height;
    refusals.pixels = std::max(refusals.pixels, overflows ? INT64_MAX : width * height);
  } else if (begins_with(format, "Number of streams exceeds max_streams parameter (%d)")) {
    refusals.streams = va_arg(arguments, int);
  }
}

/// libav's log. Nothing is written. What a decoder calls an error is counted where its decoder can see it: several
/// decoders tell of damage in no other way.
void hear(void* speaker, int level, const char* format, va_list arguments) {
  if (level > AV_LOG_ERROR) return;
  note_refusal(format, arguments);
  if (speaker == nullptr) return;
  const AVClass* kind = *static_cast<AVClass* const*>(speaker);
  if (kind == avcodec_get_class()) PacketDecoder::complain(*static_cast<const AVCodecContext*>(speaker));
}

}  // namespace

void prepare_libav() {
  static const bool prepared = [] {
    av_log_set_callback(hear);
    av_max_alloc(kLargestAllocation);
    return true;
  }();
  (void)prepared;
}

LibavRefusals take_libav_refusals() { return std::exchange(refusals, {}); }

std::string libav_version() { return av_version_info(); }

std::string libav_licence() { return avformat_license(); }

}  // namespace unreel::media
