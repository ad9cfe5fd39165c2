// H.264: which packets are references, and where a decoder may begin.
#pragma once

#include "media/h264_headers.h"
#include "media/nal_units.h"
#include "media/packet_roles.h"
#include "media/parameter_sets.h"

namespace unreel::media {

/**
 * Droppable: nal_ref_idc is 0 in every coded slice (ITU-T H.264, 7.4.1), and no parameter set stands in the packet.
 * Random access: an IDR picture with all parameter sets that a decoder from the start would know. Recovery points are
 * no such places: what follows one is exact only if its encoder kept a promise that nobody checks.
 */
class H264Roles final : public PacketRoles {
 public:
  /// `extradata`: avcC (ISO/IEC 14496-15, 5.3.3.1) or Annex B, as the container gives it.
  H264Roles(const std::uint8_t* extradata, std::size_t size);
  PacketRole next(const std::uint8_t* data, std::size_t size, bool key) override;

 private:
  void add_global(const NalUnit& unit);
  void count_parameters(const NalUnit& unit);

  int length_bytes_ = 0;
  ParameterSets sets_;
  H264FrameCount count_;
};

}  // namespace unreel::media
