#include "media/av1_roles.h"

#include "media/bit_reader.h"

namespace unreel::media {
namespace {

/// obu_type (6.2.2).
constexpr unsigned kSequenceHeader = 1, kTemporalDelimiter = 2, kFrameHeader = 3, kTileGroup = 4, kMetadata = 5,
                   kFrame = 6, kPadding = 15;

/// frame_type (6.8.2).
constexpr std::uint32_t kKeyFrame = 0, kInterFrame = 1, kIntraOnlyFrame = 2;

}  // namespace

bool Av1Roles::next_obu(const std::uint8_t*& at, const std::uint8_t* end, Obu& obu) {
  if (at == end) return false;
  const std::uint8_t header = *at++;
  obu.type = header >> 3 & 15;
  if ((header & 4) != 0 && at != end) ++at;  // extension: temporal and spatial id
  if ((header & 2) == 0) {
    obu.size = static_cast<std::size_t>(end - at);
  } else {
    std::uint64_t size = 0;  // leb128
    for (int i = 0; i < 8; ++i) {
      if (at == end) return false;
      const std::uint8_t byte = *at++;
      size |= std::uint64_t{byte & 0x7fU} << (7 * i);
      if ((byte & 0x80) == 0) break;
    }
    if (size > static_cast<std::uint64_t>(end - at)) return false;
    obu.size = static_cast<std::size_t>(size);
  }
  obu.data = at;
  at += obu.size;
  return true;
}

/// 5.5.1.
Av1Roles::Sequence Av1Roles::sequence_of(const Obu& obu) {
  BitReader bits(obu.data, obu.size);
  Sequence sequence;
  bits.skip(3 + 1);                             // seq_profile, still_picture
  const bool reduced = bits.flag();             // reduced_still_picture_header
  if (reduced || bits.flag()) return sequence;  // timing_info_present_flag
  if (bits.flag()) return sequence;             // initial_display_delay_present_flag
  if (bits.bits(5) != 0) return sequence;       // operating_points_cnt_minus_1
  bits.skip(12);                                // operating_point_idc
  if (bits.bits(5) > 7) bits.skip(1);           // seq_level_idx, seq_tier
  const int width_bits = static_cast<int>(bits.bits(4)) + 1;
  const int height_bits = static_cast<int>(bits.bits(4)) + 1;
  bits.skip(static_cast<std::size_t>(width_bits + height_bits));
  if (bits.flag()) return sequence;  // frame_id_numbers_present_flag
  bits.skip(1 + 1 + 1);              // 128x128 superblocks, filter intra, intra edge filter
  bits.skip(1 + 1 + 1 + 1);          // interintra, masked compound, warped motion, dual filter
  const bool has_order_hint = bits.flag();
  if (has_order_hint) bits.skip(1 + 1);  // joint compound, reference motion vectors
  sequence.screen_content_choice = bits.flag();
  sequence.screen_content = sequence.screen_content_choice || bits.flag();
  if (sequence.screen_content) {
    sequence.integer_mv_choice = bits.flag();
    if (!sequence.integer_mv_choice) bits.skip(1);  // seq_force_integer_mv
  }
  if (has_order_hint) sequence.order_hint_bits = static_cast<int>(bits.bits(3)) + 1;
  sequence.known = !bits.overrun();
  return sequence;
}

/// 5.9.2, up to refresh_frame_flags.
Av1Roles::Frame Av1Roles::frame_of(const Obu& obu) const {
  Frame frame;
  BitReader bits(obu.data, obu.size);
  if (bits.flag()) return frame;  // show_existing_frame
  const std::uint32_t type = bits.bits(2);
  const bool show = bits.flag();
  frame.shown_key = type == kKeyFrame && show;
  if (type != kInterFrame && type != kIntraOnlyFrame) return frame;
  if (!show) bits.skip(1);  // showable_frame
  const bool error_resilient = bits.flag();
  bits.skip(1);  // disable_cdf_update
  const bool screen_content = sequence_.screen_content_choice ? bits.flag() : sequence_.screen_content;
  if (screen_content && sequence_.integer_mv_choice) bits.skip(1);  // force_integer_mv
  bits.skip(1);                                                     // frame_size_override_flag
  bits.skip(static_cast<std::size_t>(sequence_.order_hint_bits));
  if (type == kInterFrame && !error_resilient) bits.skip(3);  // primary_ref_frame
  frame.refreshes_nothing = bits.bits(8) == 0;
  frame.known = !bits.overrun();
  return frame;
}

Av1Roles::Av1Roles(const std::uint8_t* extradata, std::size_t size) {
  constexpr std::size_t kConfiguration = 4;  // av1C without its OBUs (AV1 in ISOBMFF, 2.3.3)
  if (size <= kConfiguration) return;
  const std::uint8_t* at = extradata + kConfiguration;
  for (Obu obu; next_obu(at, extradata + size, obu);) {
    if (obu.type == kSequenceHeader) sequence_ = sequence_of(obu);
  }
}

PacketRole Av1Roles::next(const std::uint8_t* data, std::size_t size, bool) {
  int frames = 0;
  bool has_sequence = false;
  bool is_simple = true;
  Frame frame;
  const std::uint8_t* at = data;
  const std::uint8_t* const end = data + size;
  for (Obu obu; next_obu(at, end, obu);) {
    switch (obu.type) {
      case kSequenceHeader:
        sequence_ = sequence_of(obu);
        has_sequence = true;
        break;
      case kFrame:
      case kFrameHeader:
        if (frames++ == 0) frame = frame_of(obu);
        break;
      case kTemporalDelimiter:
      case kTileGroup:
      case kMetadata:
      case kPadding:
        break;
      default:  // redundant headers, tile lists, what is not known
        is_simple = false;
        break;
    }
  }
  PacketRole role;
  if (at != end) return role;
  role.random_access = has_sequence && frames > 0 && frame.shown_key;
  role.droppable =
      is_simple && !has_sequence && sequence_.known && frames == 1 && frame.known && frame.refreshes_nothing;
  return role;
}

}  // namespace unreel::media
