#include "contrast/exponential_tiles.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "contrast/exponential_tiles.cc"
#include <hwy/foreach_target.h>  // compiles this file once per target

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace unreel::contrast::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

/// Columns that are summed side by side, whatever the target's vectors: the order of a sum does not depend on them.
constexpr std::size_t kGroup = 16;

using Floats = hn::CappedTag<float, kGroup>;
using Whole = hn::RebindToSigned<Floats>;
using Vector = hn::Vec<Floats>;

constexpr std::size_t kLanes = hn::MaxLanes(Floats());
/// Rows whose numbers are added in float before they go to double.
constexpr std::size_t kRowsPerSum = 32;

/// 2^x for x from -126 to 126: 2^n by the exponent's bits, 2^(x - n) by the polynomial through seven Chebyshev points
/// of
/// [-1/2, 1/2], whose relative error is 2.6e-9.
HWY_INLINE Vector power_of_two(Vector x) {
  const Floats d;
  const Whole whole;
  const Vector n = hn::Round(x);
  const Vector f = hn::Sub(x, n);
  Vector p = hn::Set(d, 1.5461444696e-4F);
  p = hn::MulAdd(p, f, hn::Set(d, 1.3400428178e-3F));
  p = hn::MulAdd(p, f, hn::Set(d, 9.6180566785e-3F));
  p = hn::MulAdd(p, f, hn::Set(d, 5.5503272267e-2F));
  p = hn::MulAdd(p, f, hn::Set(d, 2.4022650922e-1F));
  p = hn::MulAdd(p, f, hn::Set(d, 6.9314720670e-1F));
  p = hn::MulAdd(p, f, hn::Set(d, 1.0F));
  const auto bits = hn::ShiftLeft<23>(hn::Add(hn::ConvertTo(whole, n), hn::Set(whole, 127)));
  return hn::Mul(p, hn::BitCast(d, bits));
}

HWY_INLINE Vector exponential(Vector cosine, Vector scale) {
  return power_of_two(hn::Mul(hn::Sub(cosine, hn::Set(Floats(), 1.0F)), scale));
}

/// All of 16 numbers, in one order.
double sum_of(const float* values) {
  float eight[8];
  float four[4];
  for (std::size_t i = 0; i < 8; ++i) eight[i] = values[i] + values[i + 8];
  for (std::size_t i = 0; i < 4; ++i) four[i] = eight[i] + eight[i + 4];
  return (static_cast<double>(four[0]) + four[2]) + (static_cast<double>(four[1]) + four[3]);
}

/// Columns in whole groups.
std::size_t whole_groups(std::size_t columns) { return (columns + kGroup - 1) / kGroup * kGroup; }

/// Turns a row of cosines into exponentials; zeros behind its columns up to a whole group and, where `self` is a
/// column, there.
HWY_INLINE void exponentials_of_row(float* row, std::size_t columns, std::size_t self, Vector scale) {
  const Floats d;
  for (std::size_t j = 0; j < columns; j += kLanes) {
    hn::StoreU(exponential(hn::LoadU(d, row + j), scale), d, row + j);
  }
  std::fill(row + columns, row + whole_groups(columns), 0.0F);
  if (self < columns) row[self] = 0;
}

void sum_exponentials_on(float* cosines, const TilePart& part, float scale, double* rows, double* columns) {
  const Floats d;
  const Vector factor = hn::Set(d, scale);
  for (std::size_t first = 0; first < part.rows; first += kRowsPerSum) {
    const std::size_t last = std::min(first + kRowsPerSum, part.rows);
    alignas(64) float below[kMostTile] = {};
    for (std::size_t i = first; i < last; ++i) {
      float* const row = cosines + i * part.stride;
      exponentials_of_row(row, part.columns, part.diagonal ? i : part.columns, factor);
      alignas(64) float beside[kGroup] = {};
      for (std::size_t lane = 0; lane < kGroup; lane += kLanes) {
        Vector sum = hn::Zero(d);
        for (std::size_t j = lane; j < part.columns; j += kGroup) {
          const Vector value = hn::LoadU(d, row + j);
          sum = hn::Add(sum, value);
          hn::Store(hn::Add(hn::Load(d, below + j), value), d, below + j);
        }
        hn::Store(sum, d, beside + lane);
      }
      rows[i] += sum_of(beside);
    }
    if (part.diagonal) continue;
    for (std::size_t j = 0; j < part.columns; ++j) columns[j] += below[j];
  }
}

/// to_exponential: what a number of the tile becomes first.
template <class ToExponential>
HWY_INLINE void weigh(float* tile, const TilePart& part, const SideOfTile& rows, const SideOfTile& columns,
                      const ToExponential& to_exponential) {
  const Floats d;
  const Whole whole;
  alignas(64) float rates[kMostTile] = {};
  alignas(64) std::int32_t classes[kMostTile] = {};
  std::copy_n(columns.rates, part.columns, rates);
  std::copy_n(columns.classes, part.columns, classes);
  for (std::size_t i = 0; i < part.rows; ++i) {
    float* const row = tile + i * part.stride;
    const Vector rate = hn::Set(d, rows.rates[i]);
    const Vector pull = hn::Set(d, rows.pulls[i]);
    const auto own = hn::Set(whole, rows.classes[i]);
    for (std::size_t j = 0; j < part.columns; j += kLanes) {
      const Vector both = hn::Add(rate, hn::Load(d, rates + j));
      const auto alike = hn::RebindMask(d, hn::Eq(own, hn::Load(whole, classes + j)));
      const Vector pushed = to_exponential(hn::LoadU(d, row + j));
      hn::StoreU(hn::MulSub(pushed, both, hn::IfThenElseZero(alike, pull)), d, row + j);
    }
    if (part.diagonal) row[i] = 0;
  }
}

void weigh_exponentials_on(float* exponentials, const TilePart& part, const SideOfTile& rows,
                           const SideOfTile& columns) {
  weigh(exponentials, part, rows, columns, [](Vector value) { return value; });
}

void weigh_cosines_on(float* cosines, const TilePart& part, float scale, const SideOfTile& rows,
                      const SideOfTile& columns) {
  const Vector factor = hn::Set(Floats(), scale);
  weigh(cosines, part, rows, columns, [factor](Vector value) { return exponential(value, factor); });
}

}  // namespace
}  // namespace unreel::contrast::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace unreel::contrast {

HWY_EXPORT(sum_exponentials_on);
HWY_EXPORT(weigh_exponentials_on);
HWY_EXPORT(weigh_cosines_on);

void sum_exponentials(float* cosines, const TilePart& part, float scale, double* rows, double* columns) {
  HWY_DYNAMIC_DISPATCH(sum_exponentials_on)(cosines, part, scale, rows, columns);
}

void weigh_exponentials(float* exponentials, const TilePart& part, const SideOfTile& rows, const SideOfTile& columns) {
  HWY_DYNAMIC_DISPATCH(weigh_exponentials_on)(exponentials, part, rows, columns);
}

void weigh_cosines(float* cosines, const TilePart& part, float scale, const SideOfTile& rows,
                   const SideOfTile& columns) {
  HWY_DYNAMIC_DISPATCH(weigh_cosines_on)(cosines, part, scale, rows, columns);
}

}  // namespace unreel::contrast
#endif  // HWY_ONCE
