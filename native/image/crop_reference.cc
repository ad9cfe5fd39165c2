#include "image/crop_reference.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "base/check.h"
#include "image/color_reference.h"
#include "image/resize_axis.h"

namespace unreel::image {
namespace {

std::uint8_t level_of(std::int32_t sum, int bits) { return static_cast<std::uint8_t>(std::clamp(sum >> bits, 0, 255)); }

/// rgb: one source row; out: one sample of R, G and B per tap.
void resize_row(const std::uint8_t* rgb, const Axis& axis, std::uint8_t* out) {
  const std::int32_t half = std::int32_t{1} << (axis.bits - 1);
  for (const Tap& tap : axis.taps) {
    const std::uint8_t* source = rgb + 3 * tap.first;
    const std::int32_t* weight = &axis.weights[tap.weights];
    std::int32_t red = half;
    std::int32_t green = half;
    std::int32_t blue = half;
    for (std::int64_t i = 0; i < tap.count; ++i) {
      red += source[3 * i] * weight[i];
      green += source[3 * i + 1] * weight[i];
      blue += source[3 * i + 2] * weight[i];
    }
    *out++ = level_of(red, axis.bits);
    *out++ = level_of(green, axis.bits);
    *out++ = level_of(blue, axis.bits);
  }
}

/// rows: the source rows from axis.begin on, `length` bytes each; out: as many bytes per tap.
void resize_columns(const std::uint8_t* rows, std::size_t length, const Axis& axis, std::uint8_t* out) {
  std::vector<std::int32_t> sums(length);
  for (const Tap& tap : axis.taps) {
    std::fill(sums.begin(), sums.end(), std::int32_t{1} << (axis.bits - 1));
    const std::uint8_t* row = rows + static_cast<std::size_t>(tap.first - axis.begin) * length;
    for (std::int64_t i = 0; i < tap.count; ++i, row += length) {
      const std::int32_t weight = axis.weights[tap.weights + static_cast<std::size_t>(i)];
      for (std::size_t x = 0; x < length; ++x) sums[x] += row[x] * weight;
    }
    for (const std::int32_t sum : sums) *out++ = level_of(sum, axis.bits);
  }
}

void horizontal_first(const std::uint8_t* rgb, std::size_t row_bytes, const Axis& columns, const Axis& rows,
                      std::uint8_t* out) {
  const std::size_t length = 3 * columns.taps.size();
  std::vector<std::uint8_t> narrowed(static_cast<std::size_t>(rows.end - rows.begin) * length);
  std::uint8_t* line = narrowed.data();
  for (std::int64_t y = rows.begin; y < rows.end; ++y, line += length) {
    resize_row(rgb + static_cast<std::size_t>(y) * row_bytes, columns, line);
  }
  resize_columns(narrowed.data(), length, rows, out);
}

void vertical_first(const std::uint8_t* rgb, std::size_t row_bytes, const Axis& columns, const Axis& rows,
                    std::uint8_t* out) {
  std::vector<std::uint8_t> lowered(rows.taps.size() * row_bytes);
  resize_columns(rgb + static_cast<std::size_t>(rows.begin) * row_bytes, row_bytes, rows, lowered.data());
  for (std::size_t y = 0; y < rows.taps.size(); ++y) {
    resize_row(&lowered[y * row_bytes], columns, out + y * 3 * columns.taps.size());
  }
}

}  // namespace

void crop_reference(const std::uint8_t* rgb, const CropPlan& plan, std::uint8_t* out) {
  const auto columns = axis_of(plan.columns);
  const auto rows = axis_of(plan.rows);
  const std::size_t row_bytes = 3 * static_cast<std::size_t>(plan.columns.in);
  const auto both_passes = plan.vertical_first ? vertical_first : horizontal_first;
  both_passes(rgb, row_bytes, *columns, *rows, out);
}

void crop_reference(const Picture& picture, const CropPlan& plan, std::uint8_t* out) {
  UNREEL_CHECK(plan.columns.in == picture.shown_width() && plan.rows.in == picture.shown_height());
  std::vector<std::uint8_t> rgb(3 * static_cast<std::size_t>(plan.columns.in) * static_cast<std::size_t>(plan.rows.in));
  to_rgb_reference(picture, rgb.data());
  crop_reference(rgb.data(), plan, out);
}

}  // namespace unreel::image
