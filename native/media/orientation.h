// How a stored picture has to be turned to be shown upright.
#pragma once

#include <cstdint>

#include "media/av_ptr.h"

namespace unreel::media {

struct Orientation {
  int quarter_turns = 0;  ///< clockwise, 0 to 3
  bool flipped = false;   ///< mirrored left to right before the turns
};

/// Of a display matrix: nine numbers a b u c d v x y w in 16.16 (u, v, w in 2.30) fixed point that map (p, q) to
/// (a p + c q + x, b p + d q + y) (ISO/IEC 14496-12, 8.3.2). Other angles count as the nearest quarter turn.
Orientation orientation_of_matrix(const std::int32_t* matrix);

/// Of a stream's side data; upright where it has none.
Orientation orientation_of(const AVCodecParameters& parameters);

/// Of a frame's side data, where a picture's own EXIF orientation arrives.
Orientation orientation_of(const AVFrame& frame);

}  // namespace unreel::media
