#include "media/h264_headers.h"

#include <algorithm>
#include <vector>

#include "media/bit_reader.h"

namespace unreel::media {
namespace {

constexpr unsigned kIdrSlice = 5;

/// The beginning of a unit behind its header byte, without emulation prevention bytes (7.4.1.1).
std::vector<std::uint8_t> payload_of(const NalUnit& unit, std::size_t most) {
  std::vector<std::uint8_t> bytes;
  int zeros = 0;
  for (std::size_t i = 1; i < unit.size && bytes.size() < most; ++i) {
    const std::uint8_t byte = unit.data[i];
    if (zeros >= 2 && byte == 3) {
      zeros = 0;
      continue;
    }
    zeros = byte == 0 ? zeros + 1 : 0;
    bytes.push_back(byte);
  }
  return bytes;
}

/// ue(v), 9.1.
std::uint32_t exp_golomb(BitReader& bits) {
  int zeros = 0;
  while (zeros < 32 && !bits.overrun() && !bits.flag()) ++zeros;
  return zeros >= 32 ? UINT32_MAX : (1U << zeros) - 1 + bits.bits(zeros);
}

/// se(v), 9.1.1.
std::int64_t signed_exp_golomb(BitReader& bits) {
  const std::int64_t code = exp_golomb(bits);
  return code % 2 == 1 ? (code + 1) / 2 : -code / 2;
}

/// scaling_list(), 7.3.2.1.1.1.
void skip_scaling_list(BitReader& bits, int size) {
  std::int64_t last = 8;
  std::int64_t next = 8;
  for (int i = 0; i < size && !bits.overrun(); ++i) {
    if (next != 0) next = (last + signed_exp_golomb(bits) + 256) % 256;
    if (next != 0) last = next;
  }
}

/// Profiles whose sequence sets tell the chroma format and the scaling lists (7.3.2.1.1).
bool tells_chroma(std::uint32_t profile) {
  constexpr std::array<std::uint32_t, 13> kProfiles{100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135};
  return std::find(kProfiles.begin(), kProfiles.end(), profile) != kProfiles.end();
}

}  // namespace

/// 7.3.2.1.1, up to gaps_in_frame_num_value_allowed_flag.
void H264FrameCount::read_sequence_set(const NalUnit& unit) {
  constexpr std::size_t kMost = 1024;
  const std::vector<std::uint8_t> bytes = payload_of(unit, kMost);
  BitReader bits(bytes.data(), bytes.size());
  SequenceSet set;
  const std::uint32_t profile = bits.bits(8);
  bits.skip(16);
  const std::uint32_t id = exp_golomb(bits);
  if (id >= kSequenceSets) return;
  if (tells_chroma(profile)) {
    const std::uint32_t chroma_format = exp_golomb(bits);
    if (chroma_format == 3) set.separate_planes = bits.flag();
    exp_golomb(bits);  // bit depths
    exp_golomb(bits);
    bits.skip(1);
    if (bits.flag()) {
      for (int list = 0; list < (chroma_format == 3 ? 12 : 8); ++list) {
        if (bits.flag()) skip_scaling_list(bits, list < 6 ? 16 : 64);
      }
    }
  }
  set.frame_num_bits = static_cast<int>(exp_golomb(bits)) + 4;
  const std::uint32_t order_type = exp_golomb(bits);
  if (order_type == 0) {
    exp_golomb(bits);
  } else if (order_type == 1) {
    bits.skip(1);
    signed_exp_golomb(bits);
    signed_exp_golomb(bits);
    for (std::uint32_t left = exp_golomb(bits); left > 0 && !bits.overrun(); --left) signed_exp_golomb(bits);
  }
  exp_golomb(bits);  // max_num_ref_frames
  set.allows_gaps = bits.flag();
  if (bits.overrun() || set.frame_num_bits > 16) {
    sequence_sets_[id].reset();
  } else {
    sequence_sets_[id] = set;
  }
}

/// 7.3.2.2.
void H264FrameCount::read_picture_set(const NalUnit& unit) {
  const std::vector<std::uint8_t> bytes = payload_of(unit, 16);
  BitReader bits(bytes.data(), bytes.size());
  const std::uint32_t id = exp_golomb(bits);
  const std::uint32_t sequence = exp_golomb(bits);
  if (id < kPictureSets && sequence < kSequenceSets) {
    sequence_of_picture_set_[id] = static_cast<std::uint8_t>(sequence);
  }
}

/// 7.3.3, up to frame_num.
bool H264FrameCount::misses_reference(const NalUnit& slice) {
  const std::vector<std::uint8_t> bytes = payload_of(slice, 24);
  BitReader bits(bytes.data(), bytes.size());
  exp_golomb(bits);  // first_mb_in_slice
  exp_golomb(bits);  // slice_type
  const std::uint32_t picture_set = exp_golomb(bits);
  if (picture_set >= kPictureSets) return false;
  const std::optional<SequenceSet>& set = sequence_sets_[sequence_of_picture_set_[picture_set]];
  if (!set || set->allows_gaps) return false;
  if (set->separate_planes) bits.skip(2);
  const std::uint32_t frame_num = bits.bits(set->frame_num_bits);
  if (bits.overrun()) return false;

  const bool is_reference = (slice.data[0] & 0x60) != 0;
  const bool is_idr = (slice.data[0] & 0x1f) == kIdrSlice;
  const std::optional<std::uint32_t> previous = previous_reference_;
  if (is_idr || (is_reference && previous)) previous_reference_ = frame_num;
  if (is_idr || !previous) return false;
  // The count also starts anew behind memory_management_control_operation 5, which is not looked for.
  if (frame_num <= 1) return false;
  return frame_num != *previous && frame_num != (*previous + 1) % (1U << set->frame_num_bits);
}

}  // namespace unreel::media
