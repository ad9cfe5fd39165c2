// What an input may cost.
#pragma once

#include <cstdint>

namespace unreel::media {

/// Bounds on what an input may cost. Each is checked before the cost arises; exceeding one throws limit_exceeded with
/// details {limit: "maxPixels", value, maximum}.
struct Limits {
  std::int64_t max_pixels = 64LL << 20;  ///< width x height of one frame
  std::int64_t max_frames = 10'000'000;  ///< frames of one video
  std::int64_t max_bytes = 1LL << 40;    ///< size of the file
};

/// Throws limit_exceeded when `value` is above `maximum`. `limit` is the option's public name, "maxPixels".
void check_limit(const char* limit, std::int64_t value, std::int64_t maximum);

}  // namespace unreel::media
