#include "image/clip_crop.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

#include "base/check.h"

namespace unreel::image {
namespace {

/// Pillow keeps coefficients of 8-bit pictures as integers with this many fraction bits.
constexpr int kCoefficientBits = 22;
constexpr std::int32_t kHalf = std::int32_t{1} << (kCoefficientBits - 1);
/// Half the width of the bicubic kernel at scale 1.
constexpr double kSupport = 2.0;

/// Keys' kernel with a = -0.5, in Pillow's order of operations: the order decides bits.
double bicubic(double t) {
  constexpr double a = -0.5;
  t = std::fabs(t);
  if (t < 1.0) return ((a + 2.0) * t - (a + 3.0)) * t * t + 1.0;
  if (t < 2.0) return (((t - 5.0) * t + 8.0) * t - 4.0) * a;
  return 0.0;
}

std::uint8_t rounded_byte(std::int32_t sum) {
  return static_cast<std::uint8_t>(std::clamp(sum >> kCoefficientBits, 0, 255));
}

/// One output sample: the weighted sum of source samples [first, first + count).
struct Tap {
  std::ptrdiff_t first = 0;
  std::ptrdiff_t count = 0;
  std::size_t weights = 0;  ///< index of its first weight
};

/// One axis of the resize, for the output samples inside the crop alone.
struct Axis {
  std::vector<Tap> taps;
  std::vector<std::int32_t> weights;

  std::ptrdiff_t begin() const { return taps.front().first; }
  std::ptrdiff_t end() const { return taps.back().first + taps.back().count; }
};

/// An axis of `in` samples resized to `out`, of which [offset, offset + size) are kept. in == out copies, as Pillow
/// does.
Axis make_axis(std::int64_t in, std::int64_t out, std::int64_t offset, int size) {
  Axis axis;
  axis.taps.reserve(static_cast<std::size_t>(size));
  const double scale = static_cast<double>(in) / static_cast<double>(out);
  const double filter_scale = std::max(scale, 1.0);
  const double support = kSupport * filter_scale;
  const double inverse = 1.0 / filter_scale;
  std::vector<double> row;
  for (std::int64_t i = offset; i < offset + size; ++i) {
    if (in == out) {
      axis.taps.push_back({i, 1, axis.weights.size()});
      axis.weights.push_back(std::int32_t{1} << kCoefficientBits);
      continue;
    }
    const double center = (static_cast<double>(i) + 0.5) * scale;
    const auto low = std::max<std::int64_t>(0, static_cast<std::int64_t>(center - support + 0.5));
    const auto high = std::min<std::int64_t>(in, static_cast<std::int64_t>(center + support + 0.5));
    double sum = 0;
    row.clear();
    for (std::int64_t x = low; x < high; ++x) {
      row.push_back(bicubic((static_cast<double>(x) - center + 0.5) * inverse));
      sum += row.back();
    }
    axis.taps.push_back({low, high - low, axis.weights.size()});
    for (double weight : row) {
      const double scaled = weight / sum * (1 << kCoefficientBits);
      axis.weights.push_back(static_cast<std::int32_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5));
    }
  }
  return axis;
}

/// rgb: one source row; out: one sample of R, G and B per tap.
void resize_row(const std::uint8_t* rgb, const Axis& axis, std::uint8_t* out) {
  for (const Tap& tap : axis.taps) {
    const std::uint8_t* source = rgb + 3 * tap.first;
    const std::int32_t* weight = &axis.weights[tap.weights];
    std::int32_t red = kHalf;
    std::int32_t green = kHalf;
    std::int32_t blue = kHalf;
    for (std::ptrdiff_t i = 0; i < tap.count; ++i) {
      red += source[3 * i] * weight[i];
      green += source[3 * i + 1] * weight[i];
      blue += source[3 * i + 2] * weight[i];
    }
    *out++ = rounded_byte(red);
    *out++ = rounded_byte(green);
    *out++ = rounded_byte(blue);
  }
}

/// rows: the source rows from axis.begin() on, `length` bytes each; out: one row per tap.
void resize_columns(const std::uint8_t* rows, std::size_t length, const Axis& axis, std::uint8_t* out) {
  std::vector<std::int32_t> sums(length);
  for (const Tap& tap : axis.taps) {
    std::fill(sums.begin(), sums.end(), kHalf);
    const std::uint8_t* row = rows + static_cast<std::size_t>(tap.first - axis.begin()) * length;
    for (std::ptrdiff_t i = 0; i < tap.count; ++i, row += length) {
      const std::int32_t weight = axis.weights[tap.weights + static_cast<std::size_t>(i)];
      for (std::size_t x = 0; x < length; ++x) sums[x] += row[x] * weight;
    }
    out = std::transform(sums.begin(), sums.end(), out, rounded_byte);
  }
}

/// torchvision's CenterCrop: round((length - size) / 2), halves to even.
std::int64_t crop_offset(std::int64_t length, int size) {
  const std::int64_t margin = length - size;
  const std::int64_t half = margin / 2;
  return margin % 2 == 1 && half % 2 == 1 ? half + 1 : half;
}

}  // namespace

void clip_crop(const std::uint8_t* rgb, int width, int height, int size, std::uint8_t* out) {
  UNREEL_CHECK(width > 0 && height > 0 && size > 0);
  const std::int64_t shorter = std::min(width, height);
  const auto resized = [&](std::int64_t length) { return size * length / shorter; };
  const std::int64_t out_width = resized(width);
  const std::int64_t out_height = resized(height);
  const Axis columns = make_axis(width, out_width, crop_offset(out_width, size), size);
  const Axis rows = make_axis(height, out_height, crop_offset(out_height, size), size);

  const std::size_t length = 3 * static_cast<std::size_t>(size);
  std::vector<std::uint8_t> narrowed(static_cast<std::size_t>(rows.end() - rows.begin()) * length);
  std::uint8_t* line = narrowed.data();
  for (std::ptrdiff_t y = rows.begin(); y < rows.end(); ++y, line += length) {
    resize_row(rgb + 3 * y * width, columns, line);
  }
  resize_columns(narrowed.data(), length, rows, out);
}

void normalize(const std::uint8_t* crops, int count, int size, const Normalization& normalization, float* out) {
  std::array<std::array<float, 256>, 3> table{};
  for (std::size_t c = 0; c < 3; ++c) {
    for (std::size_t v = 0; v < 256; ++v) {
      table[c][v] = (static_cast<float>(v) / 255.0F - normalization.mean[c]) / normalization.std[c];
    }
  }
  const std::size_t area = static_cast<std::size_t>(size) * static_cast<std::size_t>(size);
  for (int n = 0; n < count; ++n, crops += 3 * area, out += 3 * area) {
    for (std::size_t i = 0; i < area; ++i) {
      for (std::size_t c = 0; c < 3; ++c) out[c * area + i] = table[c][crops[3 * i + c]];
    }
  }
}

}  // namespace unreel::image
