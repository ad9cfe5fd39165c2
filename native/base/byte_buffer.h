// Bytes that somebody else may take over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

namespace unreel {

/// A block of bytes from malloc(), not set to anything at first: large ones are filled once, and handed on without a
/// copy.
class ByteBuffer {
 public:
  ByteBuffer() = default;

  /// Throws std::bad_alloc.
  explicit ByteBuffer(std::size_t size) : data_(static_cast<std::uint8_t*>(std::malloc(size))), size_(size) {
    if (data_ == nullptr && size > 0) throw std::bad_alloc();
  }

  std::uint8_t* data() const { return data_.get(); }
  std::size_t size() const { return size_; }
  const std::uint8_t* begin() const { return data_.get(); }
  const std::uint8_t* end() const { return data_.get() + size_; }

  /// Whoever takes the bytes frees them with std::free().
  std::uint8_t* release() {
    size_ = 0;
    return data_.release();
  }

 private:
  struct Free {
    void operator()(std::uint8_t* bytes) const { std::free(bytes); }
  };
  std::unique_ptr<std::uint8_t, Free> data_;
  std::size_t size_ = 0;
};

}  // namespace unreel
