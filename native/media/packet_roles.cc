#include "media/packet_roles.h"

#include <utility>

#include "media/av1_roles.h"
#include "media/av_ptr.h"
#include "media/h264_roles.h"
#include "media/hevc_roles.h"
#include "media/mpeg_roles.h"

namespace unreel::media {
namespace {

/// Says nothing: everything is decoded from the start.
class UnknownRoles final : public PacketRoles {
 public:
  PacketRole next(const std::uint8_t*, std::size_t, bool) override { return {}; }
};

/// Every packet stands for itself.
class IndependentRoles final : public PacketRoles {
 public:
  PacketRole next(const std::uint8_t*, std::size_t, bool) override {
    PacketRole role;
    role.droppable = true;
    role.random_access = true;
    return role;
  }
};

/// MJPEG. Tables may stand in one picture and hold for those after it: a picture stands for itself when it brings both
/// its quantisation (DQT) and its Huffman tables (DHT). Markers: ITU-T T.81, B.1.1.3.
class MjpegRoles final : public PacketRoles {
 public:
  PacketRole next(const std::uint8_t* data, std::size_t size, bool) override {
    bool quantisation = false;
    bool huffman = false;
    for (std::size_t at = 2; at + 4 <= size && data[at] == 0xff && data[at + 1] != kStartOfScan;) {
      quantisation |= data[at + 1] == kQuantisation;
      huffman |= data[at + 1] == kHuffman;
      at += 2 + (std::size_t{data[at + 2]} << 8 | data[at + 3]);
    }
    PacketRole role;
    role.random_access = quantisation && huffman;
    role.droppable = role.random_access;
    return role;
  }

 private:
  static constexpr std::uint8_t kStartOfScan = 0xda, kQuantisation = 0xdb, kHuffman = 0xc4;
};

/// VP8 and VP9: a key frame replaces every reference and all probabilities (RFC 6386, 9.1 and 9.7; VP9 bitstream
/// specification, 6.2 and 7.2). Nothing is droppable: VP8 keeps probabilities that a frame adapts, and VP9 predicts
/// motion from the frame decoded just before, whether or not it refreshed a reference.
class Vp8Roles final : public PacketRoles {
 public:
  PacketRole next(const std::uint8_t* data, std::size_t size, bool) override {
    PacketRole role;
    role.random_access = size > 0 && (data[0] & 1) == 0;
    return role;
  }
};

class Vp9Roles final : public PacketRoles {
 public:
  PacketRole next(const std::uint8_t* data, std::size_t size, bool) override {
    // frame_marker 2, profile_low 1, profile_high 1, reserved 1 in profile 3, show_existing_frame 1, frame_type 1. Of a
    // superframe this is its first frame.
    PacketRole role;
    if (size < 2) return role;
    const unsigned bits = static_cast<unsigned>(data[0]) << 8 | data[1];
    const bool is_profile_3 = (data[0] & 0x30) == 0x30;
    const int show_existing = is_profile_3 ? 10 : 11;
    const bool shows_existing = (bits >> show_existing & 1) != 0;
    const bool is_key = (bits >> (show_existing - 1) & 1) == 0;
    role.random_access = !shows_existing && is_key;
    return role;
  }
};

}  // namespace

std::unique_ptr<PacketRoles> PacketRoles::of(const AVCodecParameters& parameters) {
  switch (parameters.codec_id) {
    case AV_CODEC_ID_H264:
      return std::make_unique<H264Roles>(parameters.extradata, static_cast<std::size_t>(parameters.extradata_size));
    case AV_CODEC_ID_HEVC:
      return std::make_unique<HevcRoles>(parameters.extradata, static_cast<std::size_t>(parameters.extradata_size));
    case AV_CODEC_ID_MPEG1VIDEO:
    case AV_CODEC_ID_MPEG2VIDEO:
      return std::make_unique<Mpeg2Roles>();
    case AV_CODEC_ID_MPEG4:
      return std::make_unique<Mpeg4Roles>(parameters.extradata, static_cast<std::size_t>(parameters.extradata_size));
    case AV_CODEC_ID_AV1:
      return std::make_unique<Av1Roles>(parameters.extradata, static_cast<std::size_t>(parameters.extradata_size));
    case AV_CODEC_ID_VP8:
      return std::make_unique<Vp8Roles>();
    case AV_CODEC_ID_VP9:
      return std::make_unique<Vp9Roles>();
    case AV_CODEC_ID_MJPEG:
      return std::make_unique<MjpegRoles>();
    case AV_CODEC_ID_RAWVIDEO:
      // A palette comes with the first packet.
      if (parameters.format == AV_PIX_FMT_PAL8) return std::make_unique<UnknownRoles>();
      return std::make_unique<IndependentRoles>();
    case AV_CODEC_ID_PRORES:
    case AV_CODEC_ID_DNXHD:
    case AV_CODEC_ID_UTVIDEO:
    case AV_CODEC_ID_HUFFYUV:
    case AV_CODEC_ID_PNG:
      return std::make_unique<IndependentRoles>();
    default:
      return std::make_unique<UnknownRoles>();
  }
}

}  // namespace unreel::media
