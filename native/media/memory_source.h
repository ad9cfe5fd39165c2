// Bytes in memory as a source.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "media/byte_source.h"

namespace unreel::media {

/// The bytes, called `name` in messages. Throws empty_file.
std::shared_ptr<ByteSource> make_memory_source(std::string name,
                                               std::shared_ptr<const std::vector<std::uint8_t>> bytes);

}  // namespace unreel::media
