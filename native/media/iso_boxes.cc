#include "media/iso_boxes.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

namespace unreel::media {
namespace {

constexpr std::int64_t kUnbounded = std::numeric_limits<std::int64_t>::max();

constexpr std::uint32_t type_of(const char (&name)[5]) {
  return static_cast<std::uint32_t>(name[0]) << 24 | static_cast<std::uint32_t>(name[1]) << 16 |
         static_cast<std::uint32_t>(name[2]) << 8 | static_cast<std::uint32_t>(name[3]);
}

std::uint64_t big_endian(const std::uint8_t* bytes, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < count; ++i) value = value << 8 | bytes[i];
  return value;
}

/// Places in the source, in bytes. `end` may lie beyond the source's own end, which is what a cut file looks like.
struct Box {
  std::uint32_t type = 0;
  std::int64_t payload = 0;
  std::int64_t end = 0;
};

class Boxes {
 public:
  Boxes(ByteSource& source, const Interrupt& interrupt) : source_(source), interrupt_(interrupt) {}

  enum class Outcome { box, end, cut, garbled };

  /// The box that begins at `at`, inside a parent that ends at `parent_end`.
  Outcome read(std::int64_t at, std::int64_t parent_end, Box& box) {
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

  std::int64_t number(std::int64_t at, std::size_t bytes) {
    std::array<std::uint8_t, 8> value{};
    if (fill(at, value.data(), bytes) < bytes) return 0;
    return static_cast<std::int64_t>(big_endian(value.data(), bytes));
  }

 private:
  std::size_t fill(std::int64_t at, std::uint8_t* to, std::size_t count) {
    std::size_t have = 0;
    while (have < count) {
      const std::size_t got = source_.read(at + static_cast<std::int64_t>(have), to + have, count - have, interrupt_);
      if (got == 0) break;
      have += got;
    }
    return have;
  }

  ByteSource& source_;
  const Interrupt& interrupt_;
};

bool is_on_the_way_to_a_table(std::uint32_t type) {
  return type == type_of("trak") || type == type_of("mdia") || type == type_of("minf") || type == type_of("stbl");
}

std::int64_t samples_within(Boxes& boxes, const Box& parent) {
  std::int64_t samples = 0;
  Box box;
  for (std::int64_t at = parent.payload; boxes.read(at, parent.end, box) == Boxes::Outcome::box; at = box.end) {
    if (is_on_the_way_to_a_table(box.type)) samples += samples_within(boxes, box);
    // version and flags, sample_size (or field_size), sample_count: 32 bits each.
    if (box.type == type_of("stsz") || box.type == type_of("stz2")) samples += boxes.number(box.payload + 8, 4);
  }
  return samples;
}

}  // namespace

bool ends_inside_a_box(ByteSource& source, const Interrupt& interrupt) {
  const std::optional<std::int64_t> end = source.size();
  if (!end) return false;
  Boxes boxes(source, interrupt);
  Box box;
  for (std::int64_t at = 0;; at = box.end) {
    const Boxes::Outcome outcome = boxes.read(at, *end, box);
    if (outcome != Boxes::Outcome::box) return outcome == Boxes::Outcome::cut;
    if (box.end > *end) return true;
  }
}

std::int64_t declared_samples(ByteSource& source, const Interrupt& interrupt) {
  Boxes boxes(source, interrupt);
  Box box;
  for (std::int64_t at = 0; boxes.read(at, kUnbounded, box) == Boxes::Outcome::box; at = box.end) {
    if (box.type == type_of("moov")) return samples_within(boxes, box);
  }
  return 0;
}

}  // namespace unreel::media
