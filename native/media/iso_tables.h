// What the tables of an MP4 or QuickTime file would make libav allocate, before it does.
#pragma once

#include "media/byte_source.h"
#include "media/limits.h"

namespace unreel::media {

/**
 * Reads the tables of all boxes that libav's demuxer looks into (ISO/IEC 14496-12, 8.6 to 8.8; QuickTime's `cmov`) and
 * throws limit_exceeded where they announce more than the limits allow: maxStreams for tracks; maxIndexEntries for
 * samples, those that edit lists repeat and those of fragments, and for the entries of any one table; maxMemoryBytes
 * for the index that libav would make of them, or for a compressed header. A table may claim any number with a handful
 * of bytes. Throws what reading throws.
 */
void check_iso_tables(ByteSource& source, const Limits& limits, const Interrupt& interrupt);

}  // namespace unreel::media
