#include "engine/picture.h"

namespace unreel::engine {
namespace {

image::Matrix matrix_of(media::ColorMatrix matrix) {
  switch (matrix) {
    case media::ColorMatrix::bt709:
      return image::Matrix::bt709;
    case media::ColorMatrix::bt2020:
      return image::Matrix::bt2020;
    case media::ColorMatrix::smpte240m:
      return image::Matrix::smpte240m;
    case media::ColorMatrix::unspecified:
    case media::ColorMatrix::bt601:
    case media::ColorMatrix::rgb:
      break;
  }
  return image::Matrix::bt601;
}

image::PixelLayout layout_of(const media::PixelLayout& from) {
  image::PixelLayout layout;
  for (std::size_t i = 0; i < from.components.size(); ++i) {
    const media::Component& c = from.components[i];
    layout.components[i] = {c.plane, c.step, c.offset, c.shift, c.depth};
  }
  layout.component_count = from.component_count;
  layout.chroma_shift_x = from.chroma_shift_x;
  layout.chroma_shift_y = from.chroma_shift_y;
  layout.is_rgb = from.is_rgb;
  layout.has_alpha = from.has_alpha;
  layout.has_palette = from.has_palette;
  layout.big_endian = from.big_endian;
  return layout;
}

}  // namespace

image::Picture picture_of(const media::Frame& frame) {
  const media::FrameView view = frame.view();
  image::Picture picture;
  picture.planes = view.planes;
  picture.strides = view.strides;
  picture.width = view.width;
  picture.height = view.height;
  picture.layout = layout_of(view.layout);
  picture.matrix = matrix_of(view.matrix);
  picture.range = view.range == media::ColorRange::full ? image::Range::full : image::Range::limited;
  picture.quarter_turns = frame.quarter_turns;
  picture.flipped = frame.flipped;
  return picture;
}

}  // namespace unreel::engine
