#include "media/libav.h"

#include <string>

#include "media/av_ptr.h"
#include "media/video.h"

namespace unreel::media {

void silence_libav() {
  static const bool silenced = [] {
    av_log_set_callback([](void*, int, const char*, va_list) {});
    return true;
  }();
  (void)silenced;
}

std::string libav_version() { return av_version_info(); }

std::string libav_licence() { return avformat_license(); }

}  // namespace unreel::media
