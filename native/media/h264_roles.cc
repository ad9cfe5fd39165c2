#include "media/h264_roles.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>

namespace unreel::media {
namespace {

/// nal_unit_type (table 7-1).
enum NalType : unsigned {
  kSlice = 1,
  kPartitionB = 3,
  kPartitionC = 4,
  kIdrSlice = 5,
  kSei = 6,
  kSequenceSet = 7,
  kPictureSet = 8,
  kSequenceExtension = 13,
  kSubsetSequenceSet = 15,
};

bool is_parameter_set(unsigned type) {
  return type == kSequenceSet || type == kPictureSet || type == kSequenceExtension || type == kSubsetSequenceSet;
}

/// libavcodec decodes the streams of old x264 versions otherwise, to make up for their faults (before build 151 in
/// 4:4:4, before 34 in direct prediction). The version stands in the first packet alone, so that it belongs to what a
/// decoder must know. The text is x264's own SEI (user data unregistered): "x264 - core 142 ...".
bool names_old_x264(const NalUnit& unit) {
  constexpr std::array<char, 12> kName{'x', '2', '6', '4', ' ', '-', ' ', 'c', 'o', 'r', 'e', ' '};
  constexpr int kNoLongerOld = 151;
  const auto* end = unit.data + unit.size;
  const auto* found = std::search(unit.data, end, kName.begin(), kName.end());
  if (found == end) return false;
  const auto* digits = found + kName.size();
  const std::string number(digits, digits + std::min<std::ptrdiff_t>(4, end - digits));
  return std::atoi(number.c_str()) < kNoLongerOld;
}

}  // namespace

H264Roles::H264Roles(const std::uint8_t* extradata, std::size_t size) {
  constexpr std::size_t kHeader = 6;
  if (size <= kHeader || extradata[0] != 1) {
    NalUnits units(extradata, size, 0);
    for (NalUnit unit; units.next(unit);) add_global(unit);
    return;
  }
  length_bytes_ = (extradata[4] & 3) + 1;
  // Two lists behind their counts, 5 bits for sequence sets and 8 for picture sets; each set behind 16 bits of length.
  std::size_t at = 5;
  for (const unsigned mask : {0x1fU, 0xffU}) {
    if (at >= size) return;
    for (unsigned left = extradata[at++] & mask; left > 0 && at + 2 <= size; --left) {
      const std::size_t length = std::size_t{extradata[at]} << 8 | extradata[at + 1];
      at += 2;
      if (length > size - at) return;
      add_global({extradata + at, length});
      at += length;
    }
  }
}

void H264Roles::add_global(const NalUnit& unit) {
  if (unit.size == 0) return;
  sets_.add_global(unit.data, unit.size);
  count_parameters(unit);
}

void H264Roles::count_parameters(const NalUnit& unit) {
  const unsigned type = unit.data[0] & 0x1f;
  if (type == kSequenceSet) count_.read_sequence_set(unit);
  if (type == kPictureSet) count_.read_picture_set(unit);
}

PacketRole H264Roles::next(const std::uint8_t* data, std::size_t size, bool) {
  bool has_slice = false;
  bool has_reference = false;
  bool has_idr = false;
  PacketRole role;
  sets_.begin_packet();
  NalUnits units(data, size, length_bytes_);
  for (NalUnit unit; units.next(unit);) {
    const unsigned type = unit.data[0] & 0x1f;
    if (type == kIdrSlice || (type >= kSlice && type <= kPartitionC)) {
      if (!has_slice && type != kPartitionB && type != kPartitionC)
        role.misses_reference = count_.misses_reference(unit);
      has_slice = true;
      has_idr |= type == kIdrSlice;
      has_reference |= (unit.data[0] & 0x60) != 0;
    } else if (is_parameter_set(type) || (type == kSei && names_old_x264(unit))) {
      sets_.add(unit.data, unit.size);
      count_parameters(unit);
    }
  }
  if (units.broken()) return {};
  role.droppable = has_slice && !has_reference && !sets_.packet_has_some();
  role.random_access = has_idr && sets_.complete();
  return role;
}

}  // namespace unreel::media
