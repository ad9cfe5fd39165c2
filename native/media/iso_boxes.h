// The top-level boxes of an MP4 or QuickTime file.
#pragma once

#include <string>

namespace unreel::media {

/// Whether a top-level box says that it ends beyond the file's end: the file was cut off. Boxes: ISO/IEC 14496-12, 4.2.
bool ends_inside_a_box(const std::string& path);

}  // namespace unreel::media
