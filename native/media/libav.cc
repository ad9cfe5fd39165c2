#include "media/libav.h"

#include <cstddef>
#include <string>

#include "media/av_ptr.h"
#include "media/packet_decoder.h"
#include "media/video.h"

namespace unreel::media {
namespace {

/// Nothing is written. What a decoder calls an error is counted where its decoder can see it: several decoders tell of
/// damage in no other way.
void hear(void* speaker, int level, const char*, va_list) {
  if (speaker == nullptr || level > AV_LOG_ERROR) return;
  const AVClass* kind = *static_cast<AVClass* const*>(speaker);
  if (kind == avcodec_get_class()) PacketDecoder::complain(*static_cast<const AVCodecContext*>(speaker));
}

}  // namespace

void prepare_libav() {
  constexpr std::size_t kLargestAllocation = std::size_t{1} << 30;
  static const bool prepared = [] {
    av_log_set_callback(hear);
    av_max_alloc(kLargestAllocation);
    return true;
  }();
  (void)prepared;
}

std::string libav_version() { return av_version_info(); }

std::string libav_licence() { return avformat_license(); }

}  // namespace unreel::media
