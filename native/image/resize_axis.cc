#include "image/resize_axis.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace unreel::image {
namespace {

/// Pillow keeps coefficients of 8-bit pictures as integers with this many fraction bits.
constexpr int kPillowBits = 22;
/// Half the width of the bicubic kernel at scale 1.
constexpr double kSupport = 2.0;
constexpr std::int64_t kGroup = 4;

/// Keys' kernel in Pillow's order of operations: the order decides bits.
double pillow_bicubic(double t) {
  constexpr double a = -0.5;
  t = std::fabs(t);
  if (t < 1.0) return ((a + 2.0) * t - (a + 3.0)) * t * t + 1.0;
  if (t < 2.0) return (((t - 5.0) * t + 8.0) * t - 4.0) * a;
  return 0.0;
}

/// The same in PyTorch's order.
double torch_bicubic(double t) {
  constexpr double a = -0.5;
  t = std::fabs(t);
  if (t < 1.0) return ((a + 2.0) * t - (a + 3.0)) * t * t + 1.0;
  if (t < 2.0) return ((a * t - 5.0 * a) * t + 8.0 * a) * t - 4.0 * a;
  return 0.0;
}

/// The float64 weights of one output sample.
struct Row {
  std::int64_t first = 0;
  std::vector<double> weights;
};

class RowMaker {
 public:
  explicit RowMaker(const AxisSpec& spec)
      : bicubic_(spec.weighting == Weighting::pillow ? pillow_bicubic : torch_bicubic),
        in_(spec.in),
        scale_(static_cast<double>(spec.in) / static_cast<double>(spec.out)),
        support_(kSupport * std::max(scale_, 1.0)),
        inverse_(1.0 / std::max(scale_, 1.0)) {}

  void make(std::int64_t output, Row& row) const {
    const double center = (static_cast<double>(output) + 0.5) * scale_;
    row.first = std::max<std::int64_t>(0, static_cast<std::int64_t>(center - support_ + 0.5));
    const auto end = std::min<std::int64_t>(in_, static_cast<std::int64_t>(center + support_ + 0.5));
    double sum = 0;
    row.weights.clear();
    for (std::int64_t x = row.first; x < end; ++x) {
      row.weights.push_back(bicubic_((static_cast<double>(x) - center + 0.5) * inverse_));
      sum += row.weights.back();
    }
    for (double& weight : row.weights) weight /= sum;
  }

 private:
  double (*bicubic_)(double);
  std::int64_t in_;
  double scale_;
  double support_;
  double inverse_;
};

/**
 * PyTorch's fraction bits: the most for which the largest weight of all outputs stays below 2^15. Of extremely long
 * axes the beginning and the end stand for all: positions repeat long before.
 */
int torch_bits(const AxisSpec& spec, const RowMaker& maker) {
  constexpr std::int64_t kBeginning = std::int64_t{1} << 18;
  constexpr std::int64_t kEnd = std::int64_t{1} << 10;
  double largest = 0;
  Row row;
  for (std::int64_t i = 0; i < spec.out; ++i) {
    if (i == kBeginning) i = std::max(i, spec.out - kEnd);
    maker.make(i, row);
    for (double weight : row.weights) largest = std::max(largest, weight);
  }
  int bits = 0;
  while (bits < kPillowBits && static_cast<int>(0.5 + largest * (1 << (bits + 1))) < 1 << 15) ++bits;
  return bits;
}

std::int32_t rounded(double scaled) { return static_cast<std::int32_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5); }

void add_tap(const AxisSpec& spec, const Row& row, Axis& axis) {
  const auto count = static_cast<std::int64_t>(row.weights.size());
  const std::size_t start = axis.weights.size();
  axis.taps.push_back({spec.mirrored ? spec.in - row.first - count : row.first, count, start});
  for (double weight : row.weights) axis.weights.push_back(rounded(weight * (1 << axis.bits)));
  if (spec.mirrored) std::reverse(axis.weights.begin() + static_cast<std::ptrdiff_t>(start), axis.weights.end());
}

void add_group(const std::int32_t (&weights)[kGroup], Axis& axis) {
  DigitWeights digits{};
  HalfWeights halves{};
  for (int i = 0; i < kGroup; ++i) {
    std::int32_t rest = weights[i];
    for (auto& digit : digits.digits) {
      digit[i] = static_cast<std::int8_t>(rest & 255);
      rest = (rest - digit[i]) >> 8;
    }
    UNREEL_CHECK(rest == 0);
    const std::int32_t high = (weights[i] + 1024) >> 11;
    halves.high[i % 2][i / 2] = static_cast<std::int16_t>(high);
    halves.low[i % 2][i / 2] = static_cast<std::int16_t>(weights[i] - high * 2048);
  }
  axis.digits.push_back(digits);
  axis.halves.push_back(halves);
}

void add_group_tap(const Tap& tap, Axis& axis) {
  const std::int64_t first = tap.first / kGroup;
  const std::int64_t last = (tap.first + tap.count - 1) / kGroup;
  axis.group_taps.push_back({first, last - first + 1, axis.digits.size()});
  for (std::int64_t group = first; group <= last; ++group) {
    std::int32_t weights[kGroup] = {};
    for (std::int64_t i = 0; i < kGroup; ++i) {
      const std::int64_t at = group * kGroup + i - tap.first;
      if (at >= 0 && at < tap.count) weights[i] = axis.weights[tap.weights + static_cast<std::size_t>(at)];
    }
    add_group(weights, axis);
  }
}

}  // namespace

std::size_t Axis::bytes() const {
  return taps.size() * (sizeof(Tap) + sizeof(GroupTap)) + weights.size() * sizeof(std::int32_t) +
         digits.size() * (sizeof(DigitWeights) + sizeof(HalfWeights));
}

Axis make_axis(const AxisSpec& spec) {
  UNREEL_CHECK(spec.in > 0 && spec.size > 0 && spec.offset >= 0 && spec.offset + spec.size <= spec.out);
  const RowMaker maker(spec);
  const bool copies = spec.in == spec.out;
  Axis axis;
  axis.bits = copies || spec.weighting == Weighting::pillow ? kPillowBits : torch_bits(spec, maker);
  Row row;
  for (std::int64_t i = spec.offset; i < spec.offset + spec.size; ++i) {
    if (copies) {
      row = {i, {1.0}};
    } else {
      maker.make(i, row);
    }
    add_tap(spec, row, axis);
  }
  for (const Tap& tap : axis.taps) add_group_tap(tap, axis);
  axis.begin = std::min(axis.taps.front().first, axis.taps.back().first);
  axis.end =
      std::max(axis.taps.front().first + axis.taps.front().count, axis.taps.back().first + axis.taps.back().count);
  return axis;
}

}  // namespace unreel::image
