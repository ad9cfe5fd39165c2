#include "base/half.h"

#include <algorithm>

#include "base/simd_target.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "base/half.cc"
#include <hwy/foreach_target.h>  // compiles this file once per target

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace unreel::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

void halves_to_floats_on(const std::uint16_t* halves, std::size_t count, float* out) {
  const hn::ScalableTag<float> d;
  const hn::RebindToUnsigned<decltype(d)> d32;
  const hn::Rebind<std::uint16_t, decltype(d)> d16;
  const auto infinite = hn::Set(d32, 0x7c00U);
  std::size_t i = 0;
  for (; i + hn::Lanes(d) <= count; i += hn::Lanes(d)) {
    const auto bits = hn::PromoteTo(d32, hn::LoadU(d16, halves + i));
    const auto magnitude = hn::And(bits, hn::Set(d32, 0x7fffU));
    const auto sign = hn::ShiftLeft<16>(hn::Xor(bits, magnitude));
    // By whole numbers where the exponent is 0, so that no setting of the FPU takes a subnormal for 0.
    const auto subnormal =
        hn::Mul(hn::ConvertTo(d, hn::BitCast(hn::RebindToSigned<decltype(d)>(), magnitude)), hn::Set(d, 0x1.0p-24F));
    const auto shifted = hn::ShiftLeft<13>(magnitude);
    const auto normal = hn::Add(shifted, hn::Set(d32, 112U << 23));
    const auto special = hn::Or(shifted, hn::Set(d32, 0x7f800000U));
    const auto from_normal = hn::IfThenElse(hn::Lt(magnitude, infinite), normal, special);
    const auto chosen =
        hn::IfThenElse(hn::Lt(magnitude, hn::Set(d32, 0x400U)), hn::BitCast(d32, subnormal), from_normal);
    hn::StoreU(hn::BitCast(d, hn::Or(chosen, sign)), d, out + i);
  }
  for (; i < count; ++i) out[i] = half_to_float(halves[i]);
}

}  // namespace
}  // namespace unreel::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace unreel {

HWY_EXPORT(halves_to_floats_on);

void halves_to_floats(const std::uint16_t* halves, std::size_t count, float* out) {
  if (simd_target() == kScalarTarget) {
    std::transform(halves, halves + count, out, half_to_float);
    return;
  }
  HWY_DYNAMIC_DISPATCH(halves_to_floats_on)(halves, count, out);
}

}  // namespace unreel
#endif  // HWY_ONCE
