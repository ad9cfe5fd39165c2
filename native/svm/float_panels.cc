#include "svm/float_panels.h"

#include <algorithm>
#include <utility>

#include "base/block_product.h"
#include "base/simd_target.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "svm/float_panels.cc"
#include <hwy/foreach_target.h>  // compiles this file once per target

#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace unreel::svm::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::CappedTag<float, 16>;
using Vector = hn::Vec<Floats>;

constexpr std::size_t kWidth = hn::MaxLanes(Floats());

HWY_INLINE Vector power(Vector base, int exponent) {
  Vector result = hn::Set(Floats(), 1.0F);
  for (; exponent > 0; exponent /= 2, base = hn::Mul(base, base)) {
    if (exponent % 2 == 1) result = hn::Mul(result, base);
  }
  return result;
}

/// A row of dot products with the vectors of a panel -> kernels.
template <class ToKernel>
HWY_INLINE void apply(float* products, const ToKernel& to_kernel) {
  const Floats d;
  for (std::size_t j = 0; j < kPanelWidth; j += kWidth) {
    hn::StoreU(to_kernel(hn::LoadU(d, products + j), j), d, products + j);
  }
}

void to_kernels_on(const KernelFunction& kernel, float square, const float* squares, float* products) {
  const Floats d;
  const Vector gamma = hn::Set(d, static_cast<float>(kernel.gamma));
  const Vector coef0 = hn::Set(d, static_cast<float>(kernel.coef0));
  switch (kernel.kind) {
    case Kernel::linear:
      return;
    case Kernel::polynomial:
      return apply(products, [=, degree = kernel.degree](Vector product, std::size_t)
                                 HWY_ATTR { return power(hn::MulAdd(gamma, product, coef0), degree); });
    case Kernel::rbf:
      return apply(products, [=](Vector product, std::size_t j) HWY_ATTR {
        const Vector sum = hn::Add(hn::Set(d, square), hn::LoadU(d, squares + j));
        const Vector distance = hn::Max(hn::Zero(d), hn::NegMulAdd(hn::Set(d, 2.0F), product, sum));
        return hn::Exp(d, hn::Neg(hn::Mul(gamma, distance)));
      });
    case Kernel::sigmoid:
      return apply(products, [=](Vector product, std::size_t)
                                 HWY_ATTR { return hn::Tanh(d, hn::MulAdd(gamma, product, coef0)); });
  }
}

}  // namespace
}  // namespace unreel::svm::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace unreel::svm {
namespace {

HWY_EXPORT(to_kernels_on);

/// One float at a time, for the target that has no vectors.
void to_kernels_plainly(const KernelFunction& kernel, float square, const float* squares, float* products) {
  double values[kPanelWidth];
  for (std::size_t j = 0; j < kPanelWidth; ++j) {
    values[j] = static_cast<double>(products[j]);
    if (takes_distance(kernel.kind)) {
      values[j] = std::max(0.0, static_cast<double>(square) + static_cast<double>(squares[j]) - 2 * values[j]);
    }
  }
  apply_kernel(kernel, values, kPanelWidth);
  for (std::size_t j = 0; j < kPanelWidth; ++j) products[j] = static_cast<float>(values[j]);
}

}  // namespace

float squared_length(const float* x, std::size_t dims) {
  double sum = 0;
  for (std::size_t k = 0; k < dims; ++k) sum += static_cast<double>(x[k]) * static_cast<double>(x[k]);
  return static_cast<float>(sum);
}

FloatPanels::FloatPanels(const RowsView& rows, const std::vector<std::size_t>& order)
    : count_(order.size()),
      dims_(rows.dims()),
      values_(panels() * kPanelWidth * dims_),
      squares_(panels() * kPanelWidth) {
  std::fill_n(values_.data(), panels() * kPanelWidth * dims_, 0.0F);
  std::vector<float> vector(dims_);
  for (std::size_t i = 0; i < count_; ++i) {
    float* const column = values_.data() + place(i);
    for (std::size_t k = 0; k < dims_; ++k) {
      vector[k] = static_cast<float>(rows.at(order[i], k));
      column[k * kPanelWidth] = vector[k];
    }
    squares_[i] = squared_length(vector.data(), dims_);
  }
}

std::size_t FloatPanels::panels() const { return (count_ + kPanelWidth - 1) / kPanelWidth; }

std::size_t FloatPanels::place(std::size_t i) const { return i / kPanelWidth * kPanelWidth * dims_ + i % kPanelWidth; }

void FloatPanels::copy(std::size_t i, float* out) const {
  const float* const column = values_.data() + place(i);
  for (std::size_t k = 0; k < dims_; ++k) out[k] = column[k * kPanelWidth];
}

void FloatPanels::swap(std::size_t i, std::size_t j) {
  float* const a = values_.data() + place(i);
  float* const b = values_.data() + place(j);
  for (std::size_t k = 0; k < dims_; ++k) std::swap(a[k * kPanelWidth], b[k * kPanelWidth]);
  std::swap(squares_[i], squares_[j]);
}

void FloatPanels::kernels(const KernelFunction& kernel, const float* rows, const float* squares, std::size_t count,
                          std::size_t panel, float* out) const {
  multiply_panel({rows, dims_, 1}, {values_.data() + panel * kPanelWidth * dims_, kPanelWidth}, count, dims_,
                 /*accumulate=*/false, out, kPanelWidth);
  const float* const of_panel = squares_.data() + panel * kPanelWidth;
  for (std::size_t r = 0; r < count; ++r) {
    if (runs_scalar()) {
      to_kernels_plainly(kernel, squares[r], of_panel, out + r * kPanelWidth);
    } else {
      HWY_DYNAMIC_DISPATCH(to_kernels_on)(kernel, squares[r], of_panel, out + r * kPanelWidth);
    }
  }
}

}  // namespace unreel::svm
#endif  // HWY_ONCE
