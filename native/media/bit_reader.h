// Reads the bits of a header, first bit first.
#pragma once

#include <cstddef>
#include <cstdint>

namespace unreel::media {

/// Beyond the end every bit is 0 and overrun() is true: a parser reads to its end and asks once.
class BitReader {
 public:
  BitReader(const std::uint8_t* data, std::size_t size) : data_(data), bits_(size * 8) {}

  bool flag() { return bits(1) != 0; }

  /// `count` <= 32 bits as an unsigned number.
  std::uint32_t bits(int count) {
    std::uint32_t value = 0;
    for (; count > 0; --count, ++at_) {
      const bool set = at_ < bits_ && (data_[at_ / 8] >> (7 - at_ % 8) & 1) != 0;
      value = value << 1 | static_cast<std::uint32_t>(set);
    }
    return value;
  }

  void skip(std::size_t count) { at_ += count; }
  bool overrun() const { return at_ > bits_; }

 private:
  const std::uint8_t* data_;
  std::size_t bits_;
  std::size_t at_ = 0;
};

}  // namespace unreel::media
