// Which bytes of an input are there.
#pragma once

#include <cstdint>
#include <map>

namespace unreel::media {

/// A set of byte offsets, kept as half-open ranges [begin, end); neighbours are one range. Not thread-safe.
class ByteRanges {
 public:
  /// Adds [begin, end).
  void add(std::int64_t begin, std::int64_t end);

  /// The first offset from `from` on that is not in the set.
  std::int64_t first_missing(std::int64_t from) const;

  /// The first offset from `from` on that is in the set; the largest number where none is.
  std::int64_t first_present(std::int64_t from) const;

  /// How many offsets are in the set.
  std::int64_t total() const { return total_; }

 private:
  std::map<std::int64_t, std::int64_t> ranges_;  ///< begin -> end
  std::int64_t total_ = 0;
};

}  // namespace unreel::media
