#include "media/nal_units.h"

#include <cstring>

namespace unreel::media {

const std::uint8_t* find_start_code(const std::uint8_t* at, const std::uint8_t* end) {
  while (end - at >= 3) {
    // The last byte of a start code is the rarest of the three.
    const auto* one = static_cast<const std::uint8_t*>(std::memchr(at + 2, 1, static_cast<std::size_t>(end - at - 2)));
    if (one == nullptr) return end;
    if (one[-1] == 0 && one[-2] == 0) return one - 2;
    at = one - 1;
  }
  return end;
}

bool NalUnits::next_by_length(NalUnit& unit) {
  for (;;) {
    if (at_ == end_) return false;
    if (end_ - at_ < length_bytes_) {
      broken_ = true;
      return false;
    }
    std::size_t length = 0;
    for (int i = 0; i < length_bytes_; ++i) length = length << 8 | *at_++;
    if (length > static_cast<std::size_t>(end_ - at_)) {
      broken_ = true;
      return false;
    }
    unit = {at_, length};
    at_ += length;
    if (length > 0) return true;
  }
}

bool NalUnits::next_by_start_code(NalUnit& unit) {
  for (;;) {
    const std::uint8_t* code = find_start_code(at_, end_);
    if (code == end_) return false;
    const std::uint8_t* begin = code + 3;
    const std::uint8_t* stop = find_start_code(begin, end_);
    at_ = stop;
    while (stop > begin && stop[-1] == 0) --stop;  // trailing_zero_8bits, and the first byte of a four-byte start code
    if (stop == begin) continue;
    unit = {begin, static_cast<std::size_t>(stop - begin)};
    return true;
  }
}

}  // namespace unreel::media
