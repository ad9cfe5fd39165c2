// libav's pixel formats as PixelLayouts.
#pragma once

#include "media/av_ptr.h"
#include "media/frame.h"

namespace unreel::media {

/// The layout of a format whose samples are whole bytes or 16-bit words. Throws codec_unsupported for any other.
PixelLayout layout_of(AVPixelFormat format);

/// Where the format's samples are bits, floats or wider than 16 bits: replaces the picture by one in gray8 or rgb48.
/// Leaves every other frame alone. Throws codec_unsupported, out_of_memory.
void make_readable(UniqueAVFrame& frame);

ColorMatrix matrix_of(AVPixelFormat format, AVColorSpace space);
ColorRange range_of(AVPixelFormat format, AVColorRange range);

}  // namespace unreel::media
