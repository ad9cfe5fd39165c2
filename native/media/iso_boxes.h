// The boxes of an MP4 or QuickTime file, read before libav sees them (ISO/IEC 14496-12, 4.2).
#pragma once

#include <cstddef>
#include <cstdint>

#include "media/byte_source.h"

namespace unreel::media {

/// The four letters of a box's type as a number.
constexpr std::uint32_t box_type(const char (&name)[5]) {
  return static_cast<std::uint32_t>(name[0]) << 24 | static_cast<std::uint32_t>(name[1]) << 16 |
         static_cast<std::uint32_t>(name[2]) << 8 | static_cast<std::uint32_t>(name[3]);
}

/// Places in the source, in bytes. `end` may lie beyond the source's own end, which is what a cut file looks like.
struct Box {
  std::uint32_t type = 0;
  std::int64_t payload = 0;
  std::int64_t end = 0;
};

/// Reads boxes and numbers where it is told to. Source and interrupt outlive it; throws what reading throws.
class BoxReader {
 public:
  BoxReader(ByteSource& source, const Interrupt& interrupt) : source_(source), interrupt_(interrupt) {}

  enum class Outcome { box, end, cut, garbled };

  /// The box that begins at `at`, inside a parent that ends at `parent_end`.
  Outcome read(std::int64_t at, std::int64_t parent_end, Box& box);

  /// The big-endian number of so many bytes; 0 where the source ends within it.
  std::int64_t number(std::int64_t at, std::size_t bytes);

  /// How many bytes there were, fewer than `count` only at the end.
  std::size_t fill(std::int64_t at, std::uint8_t* to, std::size_t count);

 private:
  ByteSource& source_;
  const Interrupt& interrupt_;
};

/// Whether a top-level box says that it ends beyond the end: the file was cut off. False while the size is not known.
bool ends_inside_a_box(ByteSource& source, const Interrupt& interrupt);

}  // namespace unreel::media
