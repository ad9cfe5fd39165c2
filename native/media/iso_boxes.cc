#include "media/iso_boxes.h"

#include <array>
#include <limits>
#include <optional>

namespace unreel::media {
namespace {

std::uint64_t big_endian(const std::uint8_t* bytes, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < count; ++i) value = value << 8 | bytes[i];
  return value;
}

}  // namespace

BoxReader::Outcome BoxReader::read(std::int64_t at, std::int64_t parent_end, Box& box) {
  constexpr std::int64_t kUnbounded = std::numeric_limits<std::int64_t>::max();
  if (at >= parent_end) return Outcome::end;
  std::array<std::uint8_t, 16> header{};
  const std::size_t got = fill(at, header.data(), header.size());
  if (got == 0) return Outcome::end;
  if (got < 8) return Outcome::cut;
  std::uint64_t size = big_endian(header.data(), 4);
  box.type = static_cast<std::uint32_t>(big_endian(header.data() + 4, 4));
  box.payload = at + 8;
  if (size == 1) {
    if (got < 16) return Outcome::cut;
    size = big_endian(header.data() + 8, 8);
    box.payload = at + 16;
  } else if (size == 0) {  // meant to reach to the end
    box.end = parent_end;
    return Outcome::box;
  }
  if (size < 8) return Outcome::garbled;
  box.end = size > static_cast<std::uint64_t>(kUnbounded - at) ? kUnbounded : at + static_cast<std::int64_t>(size);
  return Outcome::box;
}

std::int64_t BoxReader::number(std::int64_t at, std::size_t bytes) {
  std::array<std::uint8_t, 8> value{};
  if (fill(at, value.data(), bytes) < bytes) return 0;
  return static_cast<std::int64_t>(big_endian(value.data(), bytes));
}

std::size_t BoxReader::fill(std::int64_t at, std::uint8_t* to, std::size_t count) {
  std::size_t have = 0;
  while (have < count) {
    const std::size_t got = source_.read(at + static_cast<std::int64_t>(have), to + have, count - have, interrupt_);
    if (got == 0) break;
    have += got;
  }
  return have;
}

bool ends_inside_a_box(ByteSource& source, const Interrupt& interrupt) {
  const std::optional<std::int64_t> end = source.size();
  if (!end) return false;
  BoxReader boxes(source, interrupt);
  Box box;
  for (std::int64_t at = 0;; at = box.end) {
    const BoxReader::Outcome outcome = boxes.read(at, *end, box);
    if (outcome != BoxReader::Outcome::box) return outcome == BoxReader::Outcome::cut;
    if (box.end > *end) return true;
  }
}

}  // namespace unreel::media
