#include "media/parameter_sets.h"

#include <algorithm>

namespace unreel::media {
namespace {

/// More than any honest stream has; a hostile one shall not make every packet compare with all before it.
constexpr std::size_t kMostSets = 256;

}  // namespace

void ParameterSets::add(const std::uint8_t* data, std::size_t size) {
  const std::uint64_t hash = hash_of(data, size);
  in_packet_.insert(hash);
  if (global_.count(hash) == 0 && seen_.size() <= kMostSets) seen_.insert(hash);
}

bool ParameterSets::complete() const {
  if (seen_.size() > kMostSets) return false;
  return std::includes(in_packet_.begin(), in_packet_.end(), seen_.begin(), seen_.end());
}

/// FNV-1a, 64 bits.
std::uint64_t ParameterSets::hash_of(const std::uint8_t* data, std::size_t size) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (std::size_t i = 0; i < size; ++i) hash = (hash ^ data[i]) * 0x100000001b3;
  return hash;
}

}  // namespace unreel::media
