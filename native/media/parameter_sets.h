// Which parameter sets a decoder that begins in the middle would lack.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>

namespace unreel::media {

/**
 * A stream's parameter sets (SPS, PPS, VPS; sequence headers) may stand beside the stream and in any packet, and hold
 * from there on. A decoder may begin at a packet only if it then knows every set that one from the start would know:
 * each set seen so far stands beside the stream, or in that very packet. Sets are told apart by their bytes.
 */
class ParameterSets {
 public:
  /// A set that stands beside the stream.
  void add_global(const std::uint8_t* data, std::size_t size) { global_.insert(hash_of(data, size)); }

  void begin_packet() { in_packet_.clear(); }

  /// A set in the present packet.
  void add(const std::uint8_t* data, std::size_t size);

  bool packet_has_some() const { return !in_packet_.empty(); }

  /// Whether a decoder that begins with the present packet lacks none.
  bool complete() const;

 private:
  static std::uint64_t hash_of(const std::uint8_t* data, std::size_t size);

  std::set<std::uint64_t> global_;
  std::set<std::uint64_t> seen_;  ///< of all packets, without the global ones
  std::set<std::uint64_t> in_packet_;
};

}  // namespace unreel::media
