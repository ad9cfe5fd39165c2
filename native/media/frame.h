// A decoded frame, without libav's types: what the rooms above need to read its pixels.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

struct AVFrame;

namespace unreel::media {

/// Where one component of a pixel lies. A sample of shift + depth <= 8 is one byte; a larger one is the 16-bit word at
/// that address, in the byte order that PixelLayout::big_endian tells. Its value is (read >> shift) & ((1 << depth) -
/// 1).
struct Component {
  int plane = 0;   ///< which of the frame's planes
  int step = 0;    ///< bytes between two horizontally neighbouring samples
  int offset = 0;  ///< bytes before the first sample
  int shift = 0;   ///< bits to shift right after reading
  int depth = 0;   ///< bits of a sample, 1 to 16
};

/// How a frame's samples are laid out: one description for planar, semi-planar, packed and palette formats.
struct PixelLayout {
  std::array<Component, 4> components{};  ///< Y U V [A], R G B [A], gray [A]; a palette format has one (the index)
  int component_count = 0;                ///< alpha included
  int chroma_shift_x = 0;                 ///< log2 of the horizontal chroma subsampling
  int chroma_shift_y = 0;                 ///< log2 of the vertical chroma subsampling
  bool is_rgb = false;
  bool has_alpha = false;
  bool has_palette = false;  ///< planes[1] holds 256 entries, native-endian 32-bit ARGB
  bool big_endian = false;   ///< byte order of the 16-bit samples
};

/// Y'CbCr matrix as the stream says it; `unspecified` means that the stream says nothing.
/// BT.470BG, SMPTE 170M and FCC count as bt601 (FCC's weights differ by 0.001), both forms of BT.2020 as bt2020; a
/// matrix that is none of these as `unspecified`.
enum class ColorMatrix { unspecified, bt601, bt709, bt2020, smpte240m, rgb };
enum class ColorRange { unspecified, limited, full };

/// What the pixels of a Frame look like. Valid while the Frame lives.
struct FrameView {
  std::array<const std::uint8_t*, 4> planes{};
  std::array<std::ptrdiff_t, 4> strides{};  ///< bytes from one row to the next
  int width = 0;                            ///< as stored, before rotation
  int height = 0;
  PixelLayout layout;
  ColorMatrix matrix = ColorMatrix::unspecified;
  ColorRange range = ColorRange::unspecified;  ///< yuvj and RGB count as full; gray does where the stream says nothing
};

/// One decoded frame. Movable; owns a reference to libav's buffers. May be read on any thread, by one at a time.
class Frame {
 public:
  Frame();
  Frame(Frame&&) noexcept;
  Frame& operator=(Frame&&) noexcept;
  ~Frame();

  std::int64_t index = 0;   ///< in presentation order, from 0
  std::int64_t pts_us = 0;  ///< presentation time in microseconds, as the file says it
  bool key_frame = false;
  int quarter_turns = 0;  ///< clockwise turns by 90 degrees that bring the picture upright (display matrix), 0 to 3
  bool flipped = false;   ///< mirrored left to right before the turns are applied

  /// Valid while this frame lives.
  FrameView view() const;

  AVFrame* handle() const { return frame_.get(); }  ///< for media/ alone
  static Frame adopt(AVFrame* frame);               ///< for media/ alone: takes ownership

 private:
  struct Deleter {
    void operator()(AVFrame* frame) const;
  };
  std::unique_ptr<AVFrame, Deleter> frame_;
};

}  // namespace unreel::media
