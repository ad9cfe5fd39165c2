// What an input may cost.
#pragma once

#include <cstdint>

#include "base/error.h"

namespace unreel::media {

/// Bounds on what an input may cost. Each is checked before the cost arises where it can be foreseen, else as it
/// arises; exceeding one throws limit_exceeded with details {limit: "maxPixels", value, maximum}. Times are wall-clock
/// time.
struct Limits {
  std::int64_t max_pixels = 64LL << 20;           ///< width x height of one frame
  std::int64_t max_frames = 10'000'000;           ///< frames of one video
  std::int64_t max_duration_us = 86'400'000'000;  ///< from the first frame to the end of the last one; a day
  std::int64_t max_bytes = 1LL << 40;             ///< of the file, or of what a stream brings
  std::int64_t max_spool_bytes = 8LL << 30;       ///< of a stream or a URL, kept in memory and the temporary folder
  std::int64_t max_streams = 64;                  ///< streams in one file
  std::int64_t max_index_entries = 20'000'000;    ///< packets of all streams that tables list or a scan finds
  std::int64_t max_memory_bytes = 2LL << 30;      ///< decoded frames and index of one video, at any moment
  std::int64_t open_timeout_ms = 600'000;         ///< opening, until every frame is counted
  std::int64_t frame_timeout_ms = 10'000;         ///< decoding one packet
  std::int64_t idle_timeout_ms = 30'000;          ///< waiting for the next byte of a stream or a server
};

/// Throws limit_exceeded when `value` is above `maximum`. `limit` is the option's public name, "maxPixels".
void check_limit(const char* limit, std::int64_t value, std::int64_t maximum);

/// The error of a limit that was used up: a time that has passed.
Error limit_reached(const char* limit, std::int64_t maximum);

}  // namespace unreel::media
