// Where media/ and image/ meet: a decoded frame seen as a picture.
#pragma once

#include "image/picture.h"
#include "media/frame.h"

namespace unreel::engine {

/// A view into the frame; valid while the frame lives. An unspecified matrix counts as BT.601, an unspecified range as
/// limited, as FFmpeg's scaler does.
image::Picture picture_of(const media::Frame& frame);

}  // namespace unreel::engine
