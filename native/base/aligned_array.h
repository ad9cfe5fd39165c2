// Floats that begin where a cache line does.
#pragma once

#include <cstddef>
#include <memory>
#include <new>

namespace unreel {

/// An array of floats aligned to 64 bytes, which whole vectors of any target may be loaded from. Not initialised.
class AlignedArray {
 public:
  AlignedArray() = default;
  explicit AlignedArray(std::size_t size)
      : size_(size), values_(static_cast<float*>(::operator new[](size * sizeof(float), kAlignment))) {}

  /// Makes room for at least `size`; what was in it is lost where it had less.
  void reserve(std::size_t size) {
    if (size > size_) *this = AlignedArray(size);
  }

  float* data() { return values_.get(); }
  const float* data() const { return values_.get(); }

 private:
  static constexpr std::align_val_t kAlignment{64};

  struct Delete {
    void operator()(float* values) const { ::operator delete[](values, kAlignment); }
  };

  std::size_t size_ = 0;
  std::unique_ptr<float[], Delete> values_;
};

}  // namespace unreel
