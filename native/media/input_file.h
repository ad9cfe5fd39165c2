// A path before libav sees it.
#pragma once

#include <cstdint>
#include <string>

namespace unreel::media {

/// Size in bytes of the regular file at `path`, which can be opened for reading. Throws not_found, is_a_directory,
/// not_readable (also for pipes and devices), empty_file, io.
std::int64_t checked_file_size(const std::string& path);

/// `path` as a URL of libav's file protocol, so that no other protocol can be named by a path ("concat:a|b").
std::string file_url(const std::string& path);

}  // namespace unreel::media
