#include "media/byte_ranges.h"

#include <algorithm>
#include <iterator>
#include <limits>

namespace unreel::media {

void ByteRanges::add(std::int64_t begin, std::int64_t end) {
  if (begin >= end) return;
  auto range = ranges_.upper_bound(begin);
  if (range != ranges_.begin() && std::prev(range)->second >= begin) --range;
  while (range != ranges_.end() && range->first <= end) {
    begin = std::min(begin, range->first);
    end = std::max(end, range->second);
    total_ -= range->second - range->first;
    range = ranges_.erase(range);
  }
  ranges_.emplace(begin, end);
  total_ += end - begin;
}

std::int64_t ByteRanges::first_missing(std::int64_t from) const {
  const auto after = ranges_.upper_bound(from);
  return after == ranges_.begin() ? from : std::max(from, std::prev(after)->second);
}

std::int64_t ByteRanges::first_present(std::int64_t from) const {
  const auto after = ranges_.upper_bound(from);
  if (after != ranges_.begin() && std::prev(after)->second > from) return from;
  return after == ranges_.end() ? std::numeric_limits<std::int64_t>::max() : after->first;
}

}  // namespace unreel::media
