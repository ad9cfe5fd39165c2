// Floats that begin where a cache line does.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>

namespace unreel::contrast {

/// An array of floats aligned to 64 bytes, which whole vectors of any target may be loaded from. Zeros at first.
class AlignedArray {
 public:
  AlignedArray() = default;
  explicit AlignedArray(std::size_t size)
      : size_(size), values_(static_cast<float*>(::operator new[](size * sizeof(float), kAlignment))) {
    std::fill_n(values_.get(), size, 0.0F);
  }

  float* data() { return values_.get(); }
  const float* data() const { return values_.get(); }
  std::size_t size() const { return size_; }

 private:
  static constexpr std::align_val_t kAlignment{64};

  struct Delete {
    void operator()(float* values) const { ::operator delete[](values, kAlignment); }
  };

  std::size_t size_ = 0;
  std::unique_ptr<float[], Delete> values_;
};

}  // namespace unreel::contrast
