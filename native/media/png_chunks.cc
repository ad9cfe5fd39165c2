#include "media/png_chunks.h"

#include <cstdint>

#include "media/iso_boxes.h"

namespace unreel::media {

void check_png_chunks(ByteSource& source, const Limits& limits, const Interrupt& interrupt) {
  // DEFLATE's largest ratio (zlib's technical details), and what libav holds of the result while a buffer grows.
  constexpr std::int64_t kInflation = 1032 * 3;
  constexpr std::int64_t kSignature = 8;
  constexpr std::int64_t kAroundData = 12;  // length, type and checksum
  BoxReader reader(source, interrupt);
  std::int64_t compressed = 0;
  for (std::int64_t at = kSignature;;) {
    const std::int64_t length = reader.number(at, 4);
    const std::int64_t type = reader.number(at + 4, 4);
    if (type == 0 || type == box_type("IEND")) return;
    if (type == box_type("zTXt") || type == box_type("iCCP")) {
      compressed += length;
      check_limit("maxMemoryBytes", compressed * kInflation, limits.max_memory_bytes);
    }
    at += length + kAroundData;
  }
}

}  // namespace unreel::media
