#include "media/pixel_format.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "media/av_error.h"

extern "C" {
#include <libavutil/pixdesc.h>
}

namespace unreel::media {
namespace {

Error unsupported(AVPixelFormat format) {
  const char* name = av_get_pix_fmt_name(format);
  const std::string text = name == nullptr ? "unknown" : name;
  return Error(ErrorCode::codec_unsupported,
               "The pixel format " + text + " cannot be read. Transcode the video to yuv420p.")
      .with("pixelFormat", text);
}

const AVPixFmtDescriptor& descriptor_of(AVPixelFormat format) {
  const AVPixFmtDescriptor* descriptor = av_pix_fmt_desc_get(format);
  if (descriptor == nullptr) throw unsupported(format);
  return *descriptor;
}

bool is_readable(const AVPixFmtDescriptor& descriptor) {
  constexpr std::uint64_t kOther = AV_PIX_FMT_FLAG_BITSTREAM | AV_PIX_FMT_FLAG_HWACCEL | AV_PIX_FMT_FLAG_BAYER |
                                   AV_PIX_FMT_FLAG_FLOAT | AV_PIX_FMT_FLAG_XYZ;
  if ((descriptor.flags & kOther) != 0) return false;
  return std::all_of(descriptor.comp, descriptor.comp + descriptor.nb_components,
                     [](const AVComponentDescriptor& c) { return c.shift + c.depth <= 16; });
}

bool is_full_range_yuv(AVPixelFormat format) {
  const char* name = av_get_pix_fmt_name(format);
  return name != nullptr && std::strncmp(name, "yuvj", 4) == 0;
}

bool is_rgb(const AVPixFmtDescriptor& d) { return (d.flags & AV_PIX_FMT_FLAG_RGB) != 0; }

bool is_gray(const AVPixFmtDescriptor& d) {
  return d.nb_components <= 2 && (d.flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL)) == 0;
}

}  // namespace

PixelLayout layout_of(AVPixelFormat format) {
  const AVPixFmtDescriptor& descriptor = descriptor_of(format);
  if (!is_readable(descriptor)) throw unsupported(format);
  PixelLayout layout;
  layout.has_palette = (descriptor.flags & AV_PIX_FMT_FLAG_PAL) != 0;
  layout.has_alpha = (descriptor.flags & AV_PIX_FMT_FLAG_ALPHA) != 0;
  layout.is_rgb = is_rgb(descriptor) || layout.has_palette;
  layout.big_endian = (descriptor.flags & AV_PIX_FMT_FLAG_BE) != 0;
  layout.chroma_shift_x = descriptor.log2_chroma_w;
  layout.chroma_shift_y = descriptor.log2_chroma_h;
  layout.component_count = layout.has_palette ? 1 : descriptor.nb_components;
  for (int i = 0; i < layout.component_count; ++i) {
    const AVComponentDescriptor& c = descriptor.comp[i];
    layout.components[static_cast<std::size_t>(i)] = {c.plane, c.step, c.offset, c.shift, c.depth};
  }
  return layout;
}

void make_readable(UniqueAVFrame& frame) {
  const auto format = static_cast<AVPixelFormat>(frame->format);
  const AVPixFmtDescriptor& descriptor = descriptor_of(format);
  if (is_readable(descriptor)) return;
  const bool one_bit_gray = format == AV_PIX_FMT_MONOBLACK || format == AV_PIX_FMT_MONOWHITE;
  const AVPixelFormat target = one_bit_gray ? AV_PIX_FMT_GRAY8 : AV_PIX_FMT_RGB48;
  if (sws_isSupportedInput(format) == 0) throw unsupported(format);
  UniqueAVFrame readable = make_frame();
  throw_if_not_input(av_frame_copy_props(readable.get(), frame.get()));
  readable->format = target;
  readable->width = frame->width;
  readable->height = frame->height;
  throw_if_not_input(av_frame_get_buffer(readable.get(), 0));
  const UniqueSwsContext scaler(
      av_allocated(sws_getContext(frame->width, frame->height, format, frame->width, frame->height, target,
                                  SWS_POINT | SWS_ACCURATE_RND | SWS_BITEXACT, nullptr, nullptr, nullptr)));
  const int scaled = sws_scale_frame(scaler.get(), readable.get(), frame.get());
  throw_if_not_input(scaled);
  if (scaled < 0) throw unsupported(format);
  frame = std::move(readable);
}

ColorMatrix matrix_of(AVPixelFormat format, AVColorSpace space) {
  if (layout_of(format).is_rgb) return ColorMatrix::rgb;
  switch (space) {
    case AVCOL_SPC_BT709:
      return ColorMatrix::bt709;
    case AVCOL_SPC_FCC:
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_SMPTE170M:
      return ColorMatrix::bt601;
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL:
      return ColorMatrix::bt2020;
    case AVCOL_SPC_SMPTE240M:
      return ColorMatrix::smpte240m;
    case AVCOL_SPC_RGB:
      return ColorMatrix::rgb;
    default:
      return ColorMatrix::unspecified;
  }
}

ColorRange range_of(AVPixelFormat format, AVColorRange range) {
  const AVPixFmtDescriptor& descriptor = descriptor_of(format);
  if (is_rgb(descriptor) || is_full_range_yuv(format)) return ColorRange::full;
  if (range == AVCOL_RANGE_JPEG) return ColorRange::full;
  if (range == AVCOL_RANGE_MPEG) return ColorRange::limited;
  return is_gray(descriptor) || (descriptor.flags & AV_PIX_FMT_FLAG_PAL) != 0 ? ColorRange::full
                                                                              : ColorRange::unspecified;
}

}  // namespace unreel::media
