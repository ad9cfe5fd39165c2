// IEEE 754 binary16 as numpy's float16 stores it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace unreel {

/// Round to nearest even; overflow becomes infinity, NaN stays NaN.
inline std::uint16_t float_to_half(float value) {
  std::uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  const auto sign = static_cast<std::uint16_t>((bits >> 16) & 0x8000U);
  const std::uint32_t magnitude = bits & 0x7fffffffU;
  if (magnitude > 0x7f800000U) return static_cast<std::uint16_t>(sign | 0x7e00U);
  if (magnitude >= 0x477ff000U) return static_cast<std::uint16_t>(sign | 0x7c00U);
  if (magnitude < 0x38800000U) {
    // Subnormal half: adding 2^-1 * 2^-14 * 2^11 puts the wanted bits at the bottom of the sum, rounded by the FPU.
    float shifted;
    std::memcpy(&shifted, &magnitude, sizeof(shifted));
    shifted += 0.5F;
    std::uint32_t sum;
    std::memcpy(&sum, &shifted, sizeof(sum));
    return static_cast<std::uint16_t>(sign | (sum - 0x3f000000U));
  }
  const std::uint32_t odd = (magnitude >> 13) & 1U;
  return static_cast<std::uint16_t>(sign | ((magnitude - 0x38000000U + 0xfffU + odd) >> 13));
}

/// Exact.
inline float half_to_float(std::uint16_t half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000U) << 16;
  const std::uint32_t exponent = (half >> 10) & 0x1fU;
  const std::uint32_t mantissa = half & 0x3ffU;
  std::uint32_t bits;
  if (exponent == 0) {
    float value = static_cast<float>(mantissa) * 0x1.0p-24F;
    std::memcpy(&bits, &value, sizeof(bits));
    bits |= sign;
  } else if (exponent == 31) {
    bits = sign | 0x7f800000U | (mantissa << 13);
  } else {
    bits = sign | ((exponent + 112U) << 23) | (mantissa << 13);
  }
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

/// half_to_float() of `count` numbers, on the target that base/simd_target.h names. Any thread.
void halves_to_floats(const std::uint16_t* halves, std::size_t count, float* out);

}  // namespace unreel
