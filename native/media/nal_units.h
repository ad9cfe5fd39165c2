// The NAL units of an H.264 or HEVC packet.
#pragma once

#include <cstddef>
#include <cstdint>

namespace unreel::media {

/// One NAL unit, its header first.
struct NalUnit {
  const std::uint8_t* data = nullptr;
  std::size_t size = 0;
};

/**
 * Walks the units of a packet: behind lengths of `length_bytes` bytes each (avcC, hvcC; ISO/IEC 14496-15), or behind
 * start codes where length_bytes is 0 (Annex B of H.264 and HEVC). The bytes outlive the walk.
 */
class NalUnits {
 public:
  NalUnits(const std::uint8_t* data, std::size_t size, int length_bytes)
      : at_(data), end_(data + size), length_bytes_(length_bytes) {}

  /// False at the end, and where the bytes make no sense any more: see broken().
  bool next(NalUnit& unit) { return length_bytes_ == 0 ? next_by_start_code(unit) : next_by_length(unit); }

  /// Whether a length pointed beyond the packet, or bytes stood where none should.
  bool broken() const { return broken_; }

 private:
  bool next_by_length(NalUnit& unit);
  bool next_by_start_code(NalUnit& unit);

  const std::uint8_t* at_;
  const std::uint8_t* end_;
  int length_bytes_;
  bool broken_ = false;
};

/// The first byte of the first 00 00 01 at or after `at`; `end` when there is none.
const std::uint8_t* find_start_code(const std::uint8_t* at, const std::uint8_t* end);

}  // namespace unreel::media
