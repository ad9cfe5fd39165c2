// Tells of each packet what it is to the others, from the bits of its headers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "media/packet_index.h"

struct AVCodecParameters;

namespace unreel::media {

/**
 * Reads the packets of one stream in decoding order. Says `droppable` and `random_access` only where the bitstream's
 * own rules make it sure; where they do not, a packet is kept and no decoder begins at it. Not thread-safe.
 */
class PacketRoles {
 public:
  virtual ~PacketRoles() = default;

  /// Of the stream's codec. A codec of which nothing sure is known gets roles that say nothing.
  static std::unique_ptr<PacketRoles> of(const AVCodecParameters& parameters);

  /// The role of the next packet. `key` is the container's flag.
  virtual PacketRole next(const std::uint8_t* data, std::size_t size, bool key) = 0;
};

}  // namespace unreel::media
