#include "image/crop_plan.h"

#include <algorithm>

#include "base/check.h"

namespace unreel::image {
namespace {

std::int64_t offset_of(CropRule rule, std::int64_t length, int size) {
  const std::int64_t margin = length - size;
  const std::int64_t half = margin / 2;
  const bool up = rule == CropRule::half_to_even && margin % 2 == 1 && half % 2 == 1;
  return up ? half + 1 : half;
}

}  // namespace

CropPlan crop_plan(CropRule rule, int width, int height, int size) {
  UNREEL_CHECK(width > 0 && height > 0 && size > 0);
  const Weighting weighting = rule == CropRule::floor_by_torch ? Weighting::torch : Weighting::pillow;
  const std::int64_t shorter = std::min(width, height);
  const auto axis = [&](std::int64_t length) {
    const std::int64_t resized = rule == CropRule::squash ? size : size * length / shorter;
    return AxisSpec{weighting, length, resized, offset_of(rule, resized, size), size, false};
  };
  CropPlan plan{axis(width), axis(height)};
  const bool tall = height > std::int64_t{100} * width && plan.rows.out < height;
  plan.vertical_first = tall && weighting == Weighting::pillow;
  return plan;
}

}  // namespace unreel::image
