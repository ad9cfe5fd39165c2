#include "image/normalize.h"

#include "base/simd_target.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "image/normalize.cc"
#include <hwy/foreach_target.h>  // compiles this file once per target

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace unreel::image::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::CappedTag<float, 16>;
using Bytes = hn::Repartition<std::uint8_t, Floats>;

/// Divisions are divisions, not products with a reciprocal: the result has the bits of the formula.
void normalize_on(const std::uint8_t* crop, std::size_t area, const Normalization& normalization, float* out) {
  const Floats d;
  const Bytes bytes;
  const hn::Rebind<std::uint8_t, Floats> part;
  const hn::Rebind<std::int32_t, Floats> d32;
  const std::size_t lanes = hn::Lanes(bytes);
  const std::size_t quarter = hn::Lanes(d);
  const auto put = [&](hn::Vec<Bytes> levels, std::size_t c, float* to) HWY_ATTR {
    const auto mean = hn::Set(d, normalization.mean[c]);
    const auto deviation = hn::Set(d, normalization.std[c]);
    std::uint8_t four[4 * 16];
    hn::StoreU(levels, bytes, four);
    for (std::size_t q = 0; q < 4; ++q) {
      const auto level = hn::ConvertTo(d, hn::PromoteTo(d32, hn::LoadU(part, four + q * quarter)));
      hn::StoreU(hn::Div(hn::Sub(hn::Div(level, hn::Set(d, 255.0F)), mean), deviation), d, to + q * quarter);
    }
  };
  std::size_t i = 0;
  for (; i + lanes <= area; i += lanes) {
    hn::Vec<Bytes> red, green, blue;
    hn::LoadInterleaved3(bytes, crop + 3 * i, red, green, blue);
    put(red, 0, out + i);
    put(green, 1, out + area + i);
    put(blue, 2, out + 2 * area + i);
  }
  for (; i < area; ++i) {
    for (std::size_t c = 0; c < 3; ++c) {
      out[c * area + i] = (static_cast<float>(crop[3 * i + c]) / 255.0F - normalization.mean[c]) / normalization.std[c];
    }
  }
}

}  // namespace
}  // namespace unreel::image::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace unreel::image {

HWY_EXPORT(normalize_on);

namespace {

void normalize_reference(const std::uint8_t* crop, std::size_t area, const Normalization& normalization, float* out) {
  std::array<std::array<float, 256>, 3> table{};
  for (std::size_t c = 0; c < 3; ++c) {
    for (std::size_t v = 0; v < 256; ++v) {
      table[c][v] = (static_cast<float>(v) / 255.0F - normalization.mean[c]) / normalization.std[c];
    }
  }
  for (std::size_t i = 0; i < area; ++i) {
    for (std::size_t c = 0; c < 3; ++c) out[c * area + i] = table[c][crop[3 * i + c]];
  }
}

}  // namespace

void normalize(const std::uint8_t* crops, int count, int size, const Normalization& normalization, float* out) {
  const std::size_t area = static_cast<std::size_t>(size) * static_cast<std::size_t>(size);
  const bool scalar = simd_target() == kScalarTarget;
  for (int n = 0; n < count; ++n, crops += 3 * area, out += 3 * area) {
    if (scalar) {
      normalize_reference(crops, area, normalization, out);
    } else {
      HWY_DYNAMIC_DISPATCH(normalize_on)(crops, area, normalization, out);
    }
  }
}

}  // namespace unreel::image
#endif  // HWY_ONCE
