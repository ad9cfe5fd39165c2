// HEVC: which packets are references, and where a decoder may begin.
#pragma once

#include "media/nal_units.h"
#include "media/packet_roles.h"
#include "media/parameter_sets.h"

namespace unreel::media {

/**
 * Droppable: every coded slice is of a sub-layer non-reference type (ITU-T H.265, table 7-1: even types up to
 * RSV_VCL_N14), which holds for the pictures of its temporal layer: see PacketRole. Random access: an IRAP picture
 * (IDR, BLA, CRA) with all parameter sets. Leading: RADL and RASL pictures, on which none after the IRAP's trailing
 * pictures depends (8.3.2). Units of layers above the base layer (nuh_layer_id > 0) count for nothing: they are not
 * decoded.
 */
class HevcRoles final : public PacketRoles {
 public:
  /// `extradata`: hvcC (ISO/IEC 14496-15, 8.3.3.1) or Annex B, as the container gives it.
  HevcRoles(const std::uint8_t* extradata, std::size_t size);
  PacketRole next(const std::uint8_t* data, std::size_t size, bool key) override;

 private:
  int length_bytes_ = 0;
  ParameterSets sets_;
};

}  // namespace unreel::media
