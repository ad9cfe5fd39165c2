// The chunks of a PNG, read before libav sees them (ISO/IEC 15948, 5 and 11.3).
#pragma once

#include "media/byte_source.h"
#include "media/limits.h"

namespace unreel::media {

/// Throws limit_exceeded (maxMemoryBytes) where texts and colour profiles could inflate to more than the limit: libav
/// inflates them all and keeps them, however large they become. Throws what reading throws.
void check_png_chunks(ByteSource& source, const Limits& limits, const Interrupt& interrupt);

}  // namespace unreel::media
