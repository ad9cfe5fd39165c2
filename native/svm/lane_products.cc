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

/// Four numbers on Zen 4, which takes two cycles for registers of eight and was slower with them.
using Doubles = hn::CappedTag<double, HWY_TARGET == HWY_AVX3_ZEN4 ? 4 : 8>;
using Vector = hn::Vec<Doubles>;

constexpr std::size_t kWidth = hn::MaxLanes(Doubles());
constexpr std::size_t kVectors = kLanes / kWidth;
/// Rows whose sums stay in registers: AVX-512 has twice as many of them.
constexpr std::size_t kRows = kVectors > 2 ? 2 : HWY_TARGET <= HWY_AVX3 ? 8 : 4;
constexpr std::size_t kHalf = kRows / 2;

struct SquaredDistance {
  static HWY_INLINE Vector term(Vector row, Vector vector) {
    const Vector difference = hn::Sub(row, vector);
    return hn::Mul(difference, difference);
  }
};

struct DotProduct {
  static HWY_INLINE Vector term(Vector row, Vector vector) { return hn::Mul(row, vector); }
};

HWY_INLINE Vector load(Doubles d, const double* from) { return hn::LoadU(d, from); }
HWY_INLINE Vector load(Doubles d, const float* from) {
  return hn::PromoteTo(d, hn::LoadU(hn::Rebind<float, Doubles>(), from));
}

template <class Product, std::size_t Rows, class Number>
HWY_INLINE void sum_terms(const double* const* rows, const Number* block, std::size_t dims, double* out) {
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
    for (std::size_t v = 0; v < kVectors; ++v) vectors[v] = load(d, block + v * kWidth);
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

template <class Product, class Number>
void sum_all(const double* const* rows, std::size_t count, const Number* block, std::size_t dims, double* out) {
  std::size_t r = 0;
  for (; r + kRows <= count; r += kRows) sum_terms<Product, kRows>(rows + r, block, dims, out + r * kLanes);
  if (r + kHalf <= count) {
    sum_terms<Product, kHalf>(rows + r, block, dims, out + r * kLanes);
    r += kHalf;
  }
  for (; r < count; ++r) sum_terms<Product, 1>(rows + r, block, dims, out + r * kLanes);
}

template <class Product>
void sum_block(const double* const* rows, std::size_t count, const LaneVectors& vectors, std::size_t block,
               double* out) {
  if (vectors.narrow()) {
    sum_all<Product>(rows, count, vectors.float_block(block), vectors.dims(), out);
  } else {
    sum_all<Product>(rows, count, vectors.double_block(block), vectors.dims(), out);
  }
}

void squared_distances_on(const double* const* rows, std::size_t count, const LaneVectors& vectors, std::size_t block,
                          double* out) {
  sum_block<SquaredDistance>(rows, count, vectors, block, out);
}

void dot_products_on(const double* const* rows, std::size_t count, const LaneVectors& vectors, std::size_t block,
                     double* out) {
  sum_block<DotProduct>(rows, count, vectors, block, out);
}

}  // namespace
}  // namespace unreel::svm::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace unreel::svm {
namespace {

template <class Term, class Number>
void sum_plainly(const double* const* rows, std::size_t count, const Number* block, std::size_t dims, double* out,
                 const Term& term) {
  for (std::size_t r = 0; r < count; ++r) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      double sum = 0;
      for (std::size_t k = 0; k < dims; ++k) sum += term(rows[r][k], static_cast<double>(block[k * kLanes + lane]));
      out[r * kLanes + lane] = sum;
    }
  }
}

template <class Term>
void sum_block_plainly(const double* const* rows, std::size_t count, const LaneVectors& vectors, std::size_t block,
                       double* out, const Term& term) {
  vectors.narrow() ? sum_plainly(rows, count, vectors.float_block(block), vectors.dims(), out, term)
                   : sum_plainly(rows, count, vectors.double_block(block), vectors.dims(), out, term);
}

HWY_EXPORT(squared_distances_on);
HWY_EXPORT(dot_products_on);

}  // namespace

void squared_distances(const double* const* rows, std::size_t count, const LaneVectors& vectors, std::size_t block,
                       double* out) {
  if (runs_scalar()) {
    const auto term = [](double x, double y) { return (x - y) * (x - y); };
    return sum_block_plainly(rows, count, vectors, block, out, term);
  }
  HWY_DYNAMIC_DISPATCH(squared_distances_on)(rows, count, vectors, block, out);
}

void dot_products(const double* const* rows, std::size_t count, const LaneVectors& vectors, std::size_t block,
                  double* out) {
  if (runs_scalar()) {
    const auto term = [](double x, double y) { return x * y; };
    return sum_block_plainly(rows, count, vectors, block, out, term);
  }
  HWY_DYNAMIC_DISPATCH(dot_products_on)(rows, count, vectors, block, out);
}

}  // namespace unreel::svm
#endif  // HWY_ONCE
