// A file as a source of bytes.
#pragma once

#include <memory>
#include <string>

#include "media/byte_source.h"

namespace unreel::media {

/// The regular file at `path` (UTF-8), held open. Throws not_found, is_a_directory, not_readable (also for pipes and
/// devices), empty_file, io, invalid_argument (a NUL byte in the path).
std::shared_ptr<ByteSource> open_file_source(const std::string& path);

}  // namespace unreel::media
