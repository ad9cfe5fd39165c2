#include "svm/lane_products.h"

#include <algorithm>

#include "base/simd_target.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "svm/lane_products.cc"
#include <hwy/foreach_target.h>  // compiles this file once per target

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace unreel::svm::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

/// Four numbers at most: registers of eight were no quicker on Zen 4, which takes two cycles for them.
using Doubles = hn::CappedTag<double, 4>;
using Vector = hn::Vec<Doubles>;

constexpr std::size_t kWidth = hn::MaxLanes(Doubles());
constexpr std::size_t kVectors = kLanes / kWidth;
/// Rows whose sums stay in registers: AVX-512 has twice as many of them.
constexpr std::size_t kRows = kVectors > 2 ? 2 : HWY_TARGET <= HWY_AVX3 ? 8 : 4;

struct SquaredDistance {
  static HWY_INLINE Vector term(Vector row, Vector vector) {
    const Vector difference = hn::Sub(row, vector);
    return hn::Mul(difference, difference);
  }
};

struct DotProduct {
  static HWY_INLINE Vector term(Vector row, Vector vector) { return hn::Mul(row, vector); }
};

template <class Product, std::size_t Rows>
HWY_INLINE void sum_terms(const double* const* rows, const double* block, std::size_t dims, double* out) {
  const Doubles d;
  const double* own[Rows];
  Vector sums[Rows][kVectors];
#pragma GCC unroll 8
  for (std::size_t r = 0; r < Rows; ++r) {
    own[r] = rows[r];
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) sums[r][v] = hn::Zero(d);
  }
  for (std::size_t k = 0; k < dims; ++k, block += kLanes) {
    Vector vectors[kVectors];
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) vectors[v] = hn::LoadU(d, block + v * kWidth);
#pragma GCC unroll 8
    for (std::size_t r = 0; r < Rows; ++r) {
      const Vector value = hn::Set(d, own[r][k]);
#pragma GCC unroll 4
      for (std::size_t v = 0; v < kVectors; ++v) {
        sums[r][v] = hn::Add(sums[r][v], Product::term(value, vectors[v]));
      }
    }
  }
#pragma GCC unroll 8
  for (std::size_t r = 0; r < Rows; ++r) {
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) hn::StoreU(sums[r][v], d, out + r * kLanes + v * kWidth);
  }
}

template <class Product>
void sum_all(const double* const* rows, std::size_t count, const double* block, std::size_t dims, double* out) {
  std::size_t r = 0;
  for (; r + kRows <= count; r += kRows) sum_terms<Product, kRows>(rows + r, block, dims, out + r * kLanes);
  for (; r < count; ++r) sum_terms<Product, 1>(rows + r, block, dims, out + r * kLanes);
}

void squared_distances_on(const double* const* rows, std::size_t count, const double* block, std::size_t dims,
                          double* out) {
  sum_all<SquaredDistance>(rows, count, block, dims, out);
}

void dot_products_on(const double* const* rows, std::size_t count, const double* block, std::size_t dims, double* out) {
  sum_all<DotProduct>(rows, count, block, dims, out);
}

}  // namespace
}  // namespace unreel::svm::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace unreel::svm {
namespace {

template <class Term>
void sum_plainly(const double* const* rows, std::size_t count, const double* block, std::size_t dims, double* out,
                 const Term& term) {
  for (std::size_t r = 0; r < count; ++r) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      double sum = 0;
      for (std::size_t k = 0; k < dims; ++k) sum += term(rows[r][k], block[k * kLanes + lane]);
      out[r * kLanes + lane] = sum;
    }
  }
}

HWY_EXPORT(squared_distances_on);
HWY_EXPORT(dot_products_on);

}  // namespace

LaneVectors::LaneVectors(const double* vectors, std::size_t count, std::size_t dims)
    : count_(count), dims_(dims), values_(blocks() * dims * kLanes) {
  for (std::size_t i = 0; i < count; ++i) {
    double* const lane = values_.data() + i / kLanes * dims * kLanes + i % kLanes;
    for (std::size_t k = 0; k < dims; ++k) lane[k * kLanes] = vectors[i * dims + k];
  }
}

void squared_distances(const double* const* rows, std::size_t count, const LaneVectors& vectors, std::size_t block,
                       double* out) {
  if (runs_scalar()) {
    const auto term = [](double x, double y) { return (x - y) * (x - y); };
    return sum_plainly(rows, count, vectors.block(block), vectors.dims(), out, term);
  }
  HWY_DYNAMIC_DISPATCH(squared_distances_on)(rows, count, vectors.block(block), vectors.dims(), out);
}

void dot_products(const double* const* rows, std::size_t count, const LaneVectors& vectors, std::size_t block,
                  double* out) {
  if (runs_scalar()) {
    const auto term = [](double x, double y) { return x * y; };
    return sum_plainly(rows, count, vectors.block(block), vectors.dims(), out, term);
  }
  HWY_DYNAMIC_DISPATCH(dot_products_on)(rows, count, vectors.block(block), vectors.dims(), out);
}

}  // namespace unreel::svm
#endif  // HWY_ONCE
