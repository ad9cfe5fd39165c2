#include "image/samples.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace unreel::image {
namespace {

std::uint32_t load16_little(const std::uint8_t* p) {
  if constexpr (std::endian::native == std::endian::little) {
    std::uint16_t word = 0;  // compilers make vectors of this load, and none of the sum below
    std::memcpy(&word, p, sizeof word);
    return word;
  }
  return p[0] | static_cast<std::uint32_t>(p[1]) << 8;
}
std::uint32_t load16_big(const std::uint8_t* p) { return p[1] | static_cast<std::uint32_t>(p[0]) << 8; }
std::uint32_t load32_little(const std::uint8_t* p) { return load16_little(p) | load16_little(p + 2) << 16; }
std::uint32_t load32_big(const std::uint8_t* p) { return load16_big(p + 2) | load16_big(p) << 16; }

/// kStep: the component's step, or 0 to read it. Compilers make vectors of the loops whose step is constant.
template <int kStep, class Load>
void gather(const std::uint8_t* first, const Component& component, int count, Load load, std::uint16_t* out) {
  const std::ptrdiff_t step = kStep != 0 ? kStep : component.step;
  const int shift = component.shift;
  const std::uint32_t mask = (1U << component.depth) - 1;
  for (std::ptrdiff_t i = 0; i < count; ++i) {
    out[i] = static_cast<std::uint16_t>(load(first + i * step) >> shift & mask);
  }
}

template <class Load>
void gather(const std::uint8_t* first, const Component& component, int count, Load load, std::uint16_t* out) {
  switch (component.step) {
    case 2:
      return gather<2>(first, component, count, load, out);
    case 4:
      return gather<4>(first, component, count, load, out);
    default:
      return gather<0>(first, component, count, load, out);
  }
}

}  // namespace

void read_samples(const Picture& picture, const Component& component, int row, int count, std::uint16_t* out) {
  const auto plane = static_cast<std::size_t>(component.plane);
  const std::uint8_t* first = picture.planes[plane] + row * picture.strides[plane] + component.offset;
  const int bits = component.shift + component.depth;
  const bool big = picture.layout.big_endian;
  if (bits <= 8) {
    first += big ? 1 : 0;
    if (component.step == 1 && component.depth == 8) {
      std::copy_n(first, count, out);
    } else {
      gather(first, component, count, [](const std::uint8_t* p) { return std::uint32_t{*p}; }, out);
    }
  } else if (bits <= 16) {
    if (big) {
      gather(first, component, count, [](const std::uint8_t* p) { return load16_big(p); }, out);
    } else {
      gather(first, component, count, [](const std::uint8_t* p) { return load16_little(p); }, out);
    }
  } else {
    gather(first, component, count, big ? load32_big : load32_little, out);
  }
}

}  // namespace unreel::image
