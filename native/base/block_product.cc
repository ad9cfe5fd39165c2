#include "base/block_product.h"

#include <algorithm>
#include <cmath>

#include "base/simd_target.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "base/block_product.cc"
#include <hwy/foreach_target.h>  // compiles this file once per target

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace unreel::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::CappedTag<float, 16>;
using Vector = hn::Vec<Floats>;

constexpr std::size_t kLanes = hn::MaxLanes(Floats());
/// Vectors of the right side that meet each broadcast number of the left.
constexpr std::size_t kVectors = 2;
/// Rows whose sums stay in registers: 32 of them with AVX-512 and on ARM, 16 on other x86.
constexpr std::size_t kRows = HWY_TARGET <= HWY_AVX3 || HWY_ARCH_ARM ? 8 : 6;

template <std::size_t Rows>
HWY_INLINE void multiply_block(const LeftSide& left, const RightPanel& right, std::size_t depth, bool accumulate,
                               float* HWY_RESTRICT c, std::size_t c_row) {
  const Floats d;
  Vector sums[Rows][kVectors];
#pragma GCC unroll 8
  for (std::size_t r = 0; r < Rows; ++r) {
#pragma GCC unroll 2
    for (std::size_t v = 0; v < kVectors; ++v) sums[r][v] = hn::Zero(d);
  }
  const float* a = left.data;
  const float* b = right.data;
  for (std::size_t k = 0; k < depth; ++k, a += left.depth, b += right.depth) {
    const Vector first = hn::LoadU(d, b);
    const Vector second = hn::LoadU(d, b + kLanes);
#pragma GCC unroll 8
    for (std::size_t r = 0; r < Rows; ++r) {
      const Vector value = hn::Set(d, a[r * left.row]);
      sums[r][0] = hn::MulAdd(value, first, sums[r][0]);
      sums[r][1] = hn::MulAdd(value, second, sums[r][1]);
    }
  }
#pragma GCC unroll 8
  for (std::size_t r = 0; r < Rows; ++r) {
#pragma GCC unroll 2
    for (std::size_t v = 0; v < kVectors; ++v) {
      float* const out = c + r * c_row + v * kLanes;
      hn::StoreU(accumulate ? hn::Add(hn::LoadU(d, out), sums[r][v]) : sums[r][v], d, out);
    }
  }
}

void multiply_rows(const LeftSide& left, const RightPanel& right, std::size_t rows, std::size_t depth, bool accumulate,
                   float* c, std::size_t c_row) {
  std::size_t r = 0;
  const auto from = [&](std::size_t row) { return LeftSide{left.data + row * left.row, left.row, left.depth}; };
  for (; r + kRows <= rows; r += kRows) {
    multiply_block<kRows>(from(r), right, depth, accumulate, c + r * c_row, c_row);
  }
  if (r + 4 <= rows) {
    multiply_block<4>(from(r), right, depth, accumulate, c + r * c_row, c_row);
    r += 4;
  }
  for (; r < rows; ++r) multiply_block<1>(from(r), right, depth, accumulate, c + r * c_row, c_row);
}

void multiply_panel_on(const LeftSide& left, const RightPanel& right, std::size_t rows, std::size_t depth,
                       bool accumulate, float* c, std::size_t c_row) {
  for (std::size_t k = 0; k < depth; k += kRun) {
    const LeftSide run{left.data + k * left.depth, left.row, left.depth};
    for (std::size_t j = 0; j < kPanelWidth; j += kVectors * kLanes) {
      const RightPanel columns{right.data + k * right.depth + j, right.depth};
      multiply_rows(run, columns, rows, std::min(kRun, depth - k), accumulate || k > 0, c + j, c_row);
    }
  }
}

}  // namespace
}  // namespace unreel::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace unreel {
namespace {

void multiply_scalar(const LeftSide& left, const RightPanel& right, std::size_t rows, std::size_t depth,
                     bool accumulate, float* c, std::size_t c_row) {
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < kPanelWidth; ++j) {
      float* const out = c + i * c_row + j;
      for (std::size_t begin = 0; begin < depth; begin += kRun) {
        float sum = 0;
        for (std::size_t k = begin; k < std::min(begin + kRun, depth); ++k) {
          sum = std::fma(left.data[i * left.row + k * left.depth], right.data[k * right.depth + j], sum);
        }
        *out = accumulate || begin > 0 ? *out + sum : sum;
      }
    }
  }
}

HWY_EXPORT(multiply_panel_on);

}  // namespace

void multiply_panel(const LeftSide& left, const RightPanel& right, std::size_t rows, std::size_t depth, bool accumulate,
                    float* c, std::size_t c_row) {
  if (runs_scalar()) return multiply_scalar(left, right, rows, depth, accumulate, c, c_row);
  HWY_DYNAMIC_DISPATCH(multiply_panel_on)(left, right, rows, depth, accumulate, c, c_row);
}

}  // namespace unreel
#endif  // HWY_ONCE
