// AV1: which temporal units are references, and where a decoder may begin.
#pragma once

#include "media/packet_roles.h"

namespace unreel::media {

/**
 * A packet is a temporal unit. Droppable: it holds one frame, and that refreshes no reference (refresh_frame_flags is
 * 0): all that AV1 carries from frame to frame, probabilities and motion included, lies in reference slots (AV1
 * bitstream specification, 7.20). Random access: a sequence header and a shown key frame, which refreshes every slot
 * (7.6.2). Streams with several operating points, with decoder model timing or with frame ids in their headers are kept
 * whole: the fields before refresh_frame_flags are then others.
 */
class Av1Roles final : public PacketRoles {
 public:
  /// `extradata`: av1C, whose configOBUs hold a sequence header.
  Av1Roles(const std::uint8_t* extradata, std::size_t size);
  PacketRole next(const std::uint8_t* data, std::size_t size, bool key) override;

 private:
  /// What a sequence header says that shapes the beginning of a frame header.
  struct Sequence {
    bool known = false;                  ///< followed to its end, and of the kind that is followed
    bool screen_content_choice = false;  ///< allow_screen_content_tools stands in each frame
    bool screen_content = false;
    bool integer_mv_choice = false;
    int order_hint_bits = 0;
  };

  struct Obu {
    unsigned type = 0;
    const std::uint8_t* data = nullptr;
    std::size_t size = 0;
  };

  /// What a frame header says up to refresh_frame_flags.
  struct Frame {
    bool known = false;
    bool shown_key = false;
    bool refreshes_nothing = false;
  };

  static bool next_obu(const std::uint8_t*& at, const std::uint8_t* end, Obu& obu);
  static Sequence sequence_of(const Obu& obu);
  Frame frame_of(const Obu& obu) const;

  Sequence sequence_;  ///< the one in effect: beside the stream, then in it
};

}  // namespace unreel::media
