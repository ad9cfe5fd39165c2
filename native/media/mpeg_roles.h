// MPEG-1, MPEG-2 and MPEG-4 part 2: which packets are references, and where a decoder may begin.
#pragma once

#include "media/packet_roles.h"
#include "media/parameter_sets.h"

namespace unreel::media {

/**
 * MPEG-1 and MPEG-2. Droppable: every picture (one, or two fields) is a B picture. Random access: a sequence header,
 * which also sets both quantisation matrices, and an I picture behind it (ISO/IEC 13818-2, 6.2.2 and 6.3.9).
 */
class Mpeg2Roles final : public PacketRoles {
 public:
  PacketRole next(const std::uint8_t* data, std::size_t size, bool key) override;
};

/**
 * MPEG-4 part 2. Droppable: exactly one VOP, and it is a B-VOP. Random access: exactly one VOP, an I-VOP, with all
 * video object layer headers that a decoder from the start would know (ISO/IEC 14496-2, 6.2.5 and 6.3.5). An interlaced
 * stream gets neither: libavcodec keeps the field distance of the first B-VOP it sees.
 */
class Mpeg4Roles final : public PacketRoles {
 public:
  /// `extradata`: the headers that the container holds beside the stream.
  Mpeg4Roles(const std::uint8_t* extradata, std::size_t size);
  PacketRole next(const std::uint8_t* data, std::size_t size, bool key) override;

 private:
  bool interlaced_ = false;
  ParameterSets sets_;
};

}  // namespace unreel::media
