// The boxes of an MP4 or QuickTime file, read before libav sees them (ISO/IEC 14496-12, 4.2).
#pragma once

#include <cstdint>

#include "media/byte_source.h"

namespace unreel::media {

/// Whether a top-level box says that it ends beyond the end: the file was cut off. False while the size is not known.
bool ends_inside_a_box(ByteSource& source, const Interrupt& interrupt);

/// Samples that the tables of all tracks of the first `moov` box say there are (`stsz`, `stz2`; 8.7.3); 0 where there
/// is no such box. A table may claim any number with a handful of bytes, and libav allocates for it.
std::int64_t declared_samples(ByteSource& source, const Interrupt& interrupt);

}  // namespace unreel::media
