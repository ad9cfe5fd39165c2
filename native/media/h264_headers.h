// The few fields of H.264's headers that tell whether a reference picture was lost.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "media/nal_units.h"

namespace unreel::media {

/**
 * Follows frame_num through the coded slices of a stream, in decoding order. Pictures count the reference pictures
 * before them (ITU-T H.264, 7.4.3): where the count jumps, one was lost, and libavcodec goes on with a stand-in that it
 * does not mark. Says nothing of streams that allow gaps. Not thread-safe.
 */
class H264FrameCount {
 public:
  void read_sequence_set(const NalUnit& unit);
  void read_picture_set(const NalUnit& unit);

  /// Whether a reference picture is missing before this slice.
  bool misses_reference(const NalUnit& slice);

 private:
  struct SequenceSet {
    int frame_num_bits = 0;
    bool separate_planes = false;
    bool allows_gaps = false;
  };

  static constexpr std::size_t kSequenceSets = 32, kPictureSets = 256;

  std::array<std::optional<SequenceSet>, kSequenceSets> sequence_sets_;
  std::array<std::uint8_t, kPictureSets> sequence_of_picture_set_{};
  std::optional<std::uint32_t> previous_reference_;  ///< PrevRefFrameNum; nothing until an IDR picture has come
};

}  // namespace unreel::media
