#include "image/color.h"

#include "base/check.h"
#include "base/simd_target.h"
#include "image/color_lines.h"
#include "image/color_reference.h"

namespace unreel::image {
namespace {

/// Kr and Kb in ten-thousandths.
struct Weights {
  std::int64_t red;
  std::int64_t blue;
};

Weights weights_of(Matrix matrix) {
  switch (matrix) {
    case Matrix::bt709:
      return {2126, 722};
    case Matrix::bt2020:
      return {2627, 593};
    case Matrix::smpte240m:
      return {2120, 870};
    case Matrix::bt601:
      break;
  }
  return {2990, 1140};
}

std::int32_t rounded_quotient(std::int64_t numerator, std::int64_t denominator) {
  return static_cast<std::int32_t>((2 * numerator + denominator) / (2 * denominator));
}

}  // namespace

ColorCoefficients color_coefficients(Matrix matrix, Range range, int depth) {
  UNREEL_CHECK(depth >= 8 && depth <= 16);
  const Weights k = weights_of(matrix);
  const std::int64_t green = 10000 - k.red - k.blue;
  const std::int64_t full = (std::int64_t{1} << depth) - 1;
  const std::int64_t unit = std::int64_t{1} << (depth - 8);
  const std::int64_t luma_range = range == Range::full ? full : 219 * unit;
  const std::int64_t chroma_range = range == Range::full ? full : 224 * unit;
  const std::int64_t one = std::int64_t{255} << (depth + 8);
  const std::int64_t red_v = 2 * one * (10000 - k.red);
  const std::int64_t blue_u = 2 * one * (10000 - k.blue);

  ColorCoefficients result;
  result.depth = depth;
  result.luma_offset = range == Range::full ? 0 : static_cast<std::int32_t>(16 * unit);
  result.neutral = std::int32_t{1} << (depth - 1);
  result.luma = rounded_quotient(one, luma_range);
  result.red_v = rounded_quotient(red_v, 10000 * chroma_range);
  result.blue_u = rounded_quotient(blue_u, 10000 * chroma_range);
  result.green_u = rounded_quotient(blue_u * k.blue, 10000 * green * chroma_range);
  result.green_v = rounded_quotient(red_v * k.red, 10000 * green * chroma_range);
  return result;
}

void to_rgb(const Picture& picture, std::uint8_t* rgb) {
  if (simd_target() != kScalarTarget && has_line_kernels(picture)) {
    to_rgb_by_lines(picture, rgb);
  } else {
    to_rgb_reference(picture, rgb);
  }
}

}  // namespace unreel::image
