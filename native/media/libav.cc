#include "media/libav.h"

#include <cstddef>
#include <string>

#include "media/av_ptr.h"
#include "media/video.h"

namespace unreel::media {

void prepare_libav() {
  constexpr std::size_t kLargestAllocation = std::size_t{1} << 30;
  static const bool prepared = [] {
    av_log_set_callback([](void*, int, const char*, va_list) {});
    av_max_alloc(kLargestAllocation);
    return true;
  }();
  (void)prepared;
}

std::string libav_version() { return av_version_info(); }

std::string libav_licence() { return avformat_license(); }

}  // namespace unreel::media
