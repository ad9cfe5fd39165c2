// The MD5 of a decoded picture, as `ffmpeg -f framemd5` takes it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

extern "C" {
#include <libavutil/frame.h>
#include <libavutil/imgutils.h>
#include <libavutil/md5.h>
}

namespace unreel::test {

/// Of all planes, without padding, in hexadecimal.
inline std::string plane_md5(const AVFrame& frame) {
  const auto format = static_cast<AVPixelFormat>(frame.format);
  const int size = av_image_get_buffer_size(format, frame.width, frame.height, 1);
  std::vector<std::uint8_t> planes(static_cast<std::size_t>(size));
  av_image_copy_to_buffer(planes.data(), size, frame.data, frame.linesize, format, frame.width, frame.height, 1);
  std::uint8_t sum[16];
  av_md5_sum(sum, planes.data(), planes.size());
  std::string text;
  for (const std::uint8_t byte : sum) {
    char hex[3];
    snprintf(hex, sizeof hex, "%02x", byte);
    text += hex;
  }
  return text;
}

}  // namespace unreel::test
