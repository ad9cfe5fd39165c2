#include "media/hevc_roles.h"

#include <algorithm>

namespace unreel::media {
namespace {

/// nal_unit_type (table 7-1).
constexpr unsigned kRadlN = 6, kRaslR = 9, kLastReservedNonIrap = 14, kFirstIrap = 16, kLastIrap = 21, kLastVcl = 31;
constexpr unsigned kVideoSet = 32, kPictureSet = 34;

}  // namespace

HevcRoles::HevcRoles(const std::uint8_t* extradata, std::size_t size) {
  constexpr std::size_t kHeader = 22;
  if (size <= kHeader || (extradata[0] == 0 && extradata[1] == 0)) {
    NalUnits units(extradata, size, 0);
    for (NalUnit unit; units.next(unit);) sets_.add_global(unit.data, unit.size);
    return;
  }
  length_bytes_ = (extradata[21] & 3) + 1;
  // Arrays of a type each: type 1 byte, count 2 bytes; each unit behind 16 bits of length.
  std::size_t at = kHeader;
  for (unsigned arrays = extradata[at++]; arrays > 0 && at + 3 <= size; --arrays) {
    unsigned left = static_cast<unsigned>(extradata[at + 1]) << 8 | extradata[at + 2];
    at += 3;
    for (; left > 0 && at + 2 <= size; --left) {
      const std::size_t length = std::size_t{extradata[at]} << 8 | extradata[at + 1];
      at += 2;
      if (length > size - at) return;
      sets_.add_global(extradata + at, length);
      at += length;
    }
  }
}

PacketRole HevcRoles::next(const std::uint8_t* data, std::size_t size, bool) {
  bool has_slice = false;
  bool has_reference = false;
  bool is_irap = true;
  bool is_leading = true;
  PacketRole role;
  sets_.begin_packet();
  NalUnits units(data, size, length_bytes_);
  for (NalUnit unit; units.next(unit);) {
    if (unit.size < 2) return {};
    const unsigned type = unit.data[0] >> 1 & 0x3f;
    const unsigned layer = (unit.data[0] & 1U) << 5 | unit.data[1] >> 3;
    if (type >= kVideoSet && type <= kPictureSet) {
      sets_.add(unit.data, unit.size);
      continue;
    }
    if (layer > 0 || type > kLastVcl) continue;
    has_slice = true;
    has_reference |= type > kLastReservedNonIrap || type % 2 == 1;
    is_irap &= type >= kFirstIrap && type <= kLastIrap;
    is_leading &= type >= kRadlN && type <= kRaslR;
    const unsigned temporal_id = (unit.data[1] & 7U) - 1U;
    role.temporal_layer = std::max(role.temporal_layer, static_cast<std::uint8_t>(temporal_id & 7U));
  }
  if (units.broken() || !has_slice) return {};
  role.droppable = !has_reference && !sets_.packet_has_some();
  role.random_access = is_irap && sets_.complete();
  role.leading = is_leading;
  return role;
}

}  // namespace unreel::media
