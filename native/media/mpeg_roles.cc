#include "media/mpeg_roles.h"

#include "media/bit_reader.h"
#include "media/nal_units.h"

namespace unreel::media {
namespace {

constexpr std::uint8_t kPicture = 0x00, kSequenceHeader = 0xb3;                     // 13818-2, table 6-1
constexpr std::uint8_t kFirstLayer = 0x20, kLastLayer = 0x2f, kObjectPlane = 0xb6;  // 14496-2, table 6-3

/// A start code's value and what stands behind it, up to the next one.
struct Section {
  std::uint8_t code = 0;
  const std::uint8_t* data = nullptr;
  std::size_t size = 0;
};

class Sections {
 public:
  Sections(const std::uint8_t* data, std::size_t size) : at_(find_start_code(data, data + size)), end_(data + size) {}

  bool next(Section& section) {
    if (end_ - at_ < 4) return false;
    const std::uint8_t* begin = at_ + 4;
    const std::uint8_t* stop = find_start_code(begin, end_);
    section = {at_[3], begin, static_cast<std::size_t>(stop - begin)};
    at_ = stop;
    return true;
  }

 private:
  const std::uint8_t* at_;
  const std::uint8_t* end_;
};

/// Whether a video object layer header (14496-2, 6.2.3) says interlaced; also where it has a shape and cannot be
/// followed.
bool says_interlaced(const Section& layer) {
  BitReader bits(layer.data, layer.size);
  bits.skip(1 + 8);                          // random_accessible_vol, video_object_type_indication
  if (bits.flag()) bits.skip(4 + 3);         // is_object_layer_identifier: verid, priority
  if (bits.bits(4) == 15) bits.skip(8 + 8);  // aspect_ratio_info: extended_PAR
  if (bits.flag()) {                         // vol_control_parameters
    bits.skip(2 + 1);                        // chroma_format, low_delay
    if (bits.flag()) bits.skip(79);          // vbv_parameters with their markers
  }
  if (bits.bits(2) != 0) return true;  // video_object_layer_shape
  bits.skip(1);
  std::uint32_t ticks = bits.bits(16);  // vop_time_increment_resolution
  bits.skip(1);
  if (bits.flag()) {  // fixed_vop_rate: as many bits as ticks - 1 has
    int width = 0;
    for (ticks = ticks > 0 ? ticks - 1 : 0; ticks > 0; ticks >>= 1) ++width;
    bits.skip(static_cast<std::size_t>(width > 0 ? width : 1));
  }
  bits.skip(1 + 13 + 1 + 13 + 1);  // width and height between markers
  return bits.flag() || bits.overrun();
}

}  // namespace

PacketRole Mpeg2Roles::next(const std::uint8_t* data, std::size_t size, bool) {
  constexpr unsigned kIntra = 1, kBidirectional = 3;  // picture_coding_type, behind temporal_reference's 10 bits
  int pictures = 0;
  bool only_b = true;
  bool has_sequence = false;
  PacketRole role;
  Sections sections(data, size);
  for (Section section; sections.next(section);) {
    if (section.code == kSequenceHeader) has_sequence = pictures == 0;
    if (section.code != kPicture) continue;
    if (section.size < 2) return {};
    const unsigned type = section.data[1] >> 3 & 7;
    only_b &= type == kBidirectional;
    if (pictures++ == 0) role.random_access = has_sequence && type == kIntra;
  }
  role.droppable = pictures > 0 && only_b && !has_sequence;
  return role;
}

Mpeg4Roles::Mpeg4Roles(const std::uint8_t* extradata, std::size_t size) {
  Sections sections(extradata, size);
  for (Section section; sections.next(section);) {
    if (section.code < kFirstLayer || section.code > kLastLayer) continue;
    interlaced_ |= says_interlaced(section);
    sets_.add_global(section.data, section.size);
  }
}

PacketRole Mpeg4Roles::next(const std::uint8_t* data, std::size_t size, bool) {
  constexpr unsigned kIntra = 0, kBidirectional = 2;  // vop_coding_type
  int planes = 0;
  unsigned type = 0;
  sets_.begin_packet();
  Sections sections(data, size);
  for (Section section; sections.next(section);) {
    if (section.code >= kFirstLayer && section.code <= kLastLayer) {
      interlaced_ |= says_interlaced(section);
      sets_.add(section.data, section.size);
    }
    if (section.code != kObjectPlane) continue;
    if (section.size < 1) return {};
    ++planes;
    type = section.data[0] >> 6;
  }
  PacketRole role;
  if (planes != 1 || interlaced_) return role;
  role.droppable = type == kBidirectional && !sets_.packet_has_some();
  role.random_access = type == kIntra && sets_.complete();
  return role;
}

}  // namespace unreel::media
