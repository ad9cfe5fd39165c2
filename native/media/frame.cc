#include "media/frame.h"

#include "base/check.h"
#include "media/av_ptr.h"
#include "media/pixel_format.h"

namespace unreel::media {

void Frame::Deleter::operator()(AVFrame* frame) const { av_frame_free(&frame); }

Frame::Frame() = default;
Frame::Frame(Frame&&) noexcept = default;
Frame& Frame::operator=(Frame&&) noexcept = default;
Frame::~Frame() = default;

Frame Frame::adopt(AVFrame* frame) {
  Frame adopted;
  adopted.frame_.reset(frame);
  return adopted;
}

FrameView Frame::view() const {
  UNREEL_CHECK(frame_ != nullptr);
  const auto format = static_cast<AVPixelFormat>(frame_->format);
  FrameView view;
  for (std::size_t i = 0; i < view.planes.size(); ++i) {
    view.planes[i] = frame_->data[i];
    view.strides[i] = frame_->linesize[i];
  }
  view.width = frame_->width;
  view.height = frame_->height;
  view.layout = layout_of(format);
  view.matrix = matrix_of(format, frame_->colorspace);
  view.range = range_of(format, frame_->color_range);
  return view;
}

}  // namespace unreel::media
