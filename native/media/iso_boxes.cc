#include "media/iso_boxes.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <fstream>

namespace unreel::media {
namespace {

std::uint64_t big_endian(const std::uint8_t* bytes, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < count; ++i) value = value << 8 | bytes[i];
  return value;
}

}  // namespace

bool ends_inside_a_box(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  const auto end = static_cast<std::uint64_t>(file.tellg());
  for (std::uint64_t at = 0; file && at < end;) {
    std::array<std::uint8_t, 16> header{};
    file.seekg(static_cast<std::streamoff>(at));
    file.read(reinterpret_cast<char*>(header.data()), header.size());
    const auto got = static_cast<std::uint64_t>(file.gcount());
    if (got < 8) return true;
    file.clear();
    std::uint64_t size = big_endian(header.data(), 4);
    if (size == 0) return false;  // this box is meant to reach to the end
    if (size == 1) size = got < 16 ? end : big_endian(header.data() + 8, 8);
    if (size < 8) return false;  // no box at all: not cut, but garbled
    if (size > end - at) return true;
    at += size;
  }
  return false;
}

}  // namespace unreel::media
