// Packets that decode to nothing one can see.
#pragma once

#include "media/av_ptr.h"

namespace unreel::media {

/**
 * Whether decoding the packet brings a frame to be shown: false for packets that an edit list discards and for the
 * invisible frames of VP8 and VP9 (alternate references).
 *
 * VP8: bit 4 of the first byte is show_frame (RFC 6386, 9.1). VP9: show_existing_frame and show_frame of the
 * uncompressed header (VP9 bitstream specification, 6.2); the frames of a superframe end in one that is shown (its
 * Annex B).
 */
bool is_shown(const AVPacket& packet, AVCodecID codec);

}  // namespace unreel::media
