#include "svm/working_set.h"

#include <limits>

#include "base/simd_target.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "svm/working_set.cc"
#include <hwy/foreach_target.h>  // compiles this file once per target

#include <hwy/highway.h>

#ifndef UNREEL_SVM_WORKING_SET_PLAIN_H
#define UNREEL_SVM_WORKING_SET_PLAIN_H

namespace unreel::svm {

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();
/// libsvm's TAU: takes the place of a second derivative that is not positive.
inline constexpr double kTau = 1e-12;
inline constexpr char kAtZero = 0;
inline constexpr char kAtC = 1;

/// The best so far of a loop over all variables; what comes later wins a tie.
struct Best {
  double value = -kInfinity;
  std::int64_t index = -1;

  void offer(double other, std::int64_t at) {
    if (other < value || (other == value && at < index)) return;
    // A NaN is never chosen.
    if (!(other >= value)) return;
    value = other;
    index = at;
  }
};

inline bool may_rise(const SolverState& state, std::size_t t) {
  return state.status[t] != (state.y[t] > 0 ? kAtC : kAtZero);
}
inline bool may_fall(const SolverState& state, std::size_t t) {
  return state.status[t] != (state.y[t] > 0 ? kAtZero : kAtC);
}

/// What j is judged by beside i.
struct FirstOfPair {
  double violation;  ///< -y_i G_i
  double diagonal;   ///< Q_ii
  double twice_y;    ///< 2 y_i
};

inline void offer_rising(const SolverState& state, std::size_t begin, std::size_t end, Best& best) {
  for (std::size_t t = begin; t < end; ++t) {
    const double value = state.y[t] > 0 ? -state.gradient[t] : state.gradient[t];
    if (may_rise(state, t)) best.offer(value, static_cast<std::int64_t>(t));
  }
}

inline void offer_falling(const SolverState& state, const FirstOfPair& first, const float* row, std::size_t begin,
                          std::size_t end, Best& best, double& most_low) {
  for (std::size_t t = begin; t < end; ++t) {
    if (!may_fall(state, t)) continue;
    const double low = state.y[t] > 0 ? state.gradient[t] : -state.gradient[t];
    if (low >= most_low) most_low = low;
    const double difference = first.violation + low;
    if (!(difference > 0)) continue;
    const double cross = first.twice_y * static_cast<double>(row[t]);
    const double sum = first.diagonal + state.diagonal[t];
    const double curvature = state.y[t] > 0 ? sum - cross : sum + cross;
    best.offer((difference * difference) / (curvature > 0 ? curvature : kTau), static_cast<std::int64_t>(t));
  }
}

}  // namespace unreel::svm
#endif  // UNREEL_SVM_WORKING_SET_PLAIN_H

HWY_BEFORE_NAMESPACE();
namespace unreel::svm::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Doubles = hn::ScalableTag<double>;
using Indices = hn::RebindToSigned<Doubles>;
using Vector = hn::Vec<Doubles>;
using Mask = hn::Mask<Doubles>;

constexpr std::size_t kWidth = hn::MaxLanes(Doubles());

/// The best of each lane.
class LaneBest {
 public:
  HWY_INLINE LaneBest() : values_(hn::Set(Doubles(), -kInfinity)), indices_(hn::Set(Indices(), -1)) {}

  HWY_INLINE void offer(Mask offered, Vector value, hn::Vec<Indices> index) {
    const Mask better = hn::And(offered, hn::Ge(value, values_));
    values_ = hn::IfThenElse(better, value, values_);
    indices_ = hn::IfThenElse(hn::RebindMask(Indices(), better), index, indices_);
  }

  Best best() const {
    double values[kWidth];
    std::int64_t indices[kWidth];
    hn::StoreU(values_, Doubles(), values);
    hn::StoreU(indices_, Indices(), indices);
    Best best;
    for (std::size_t lane = 0; lane < kWidth; ++lane) {
      if (indices[lane] >= 0) best.offer(values[lane], indices[lane]);
    }
    return best;
  }

 private:
  Vector values_;
  hn::Vec<Indices> indices_;
};

/// Variables [t, t + kWidth).
struct Variables {
  Mask positive, at_zero, at_c;
  Vector gradient;

  HWY_INLINE Variables(const SolverState& state, std::size_t t) {
    const Indices i;
    const auto y = widened(state.y + t);
    const auto status = widened(reinterpret_cast<const signed char*>(state.status) + t);
    positive = hn::RebindMask(Doubles(), hn::Gt(y, hn::Zero(i)));
    at_zero = hn::RebindMask(Doubles(), hn::Eq(status, hn::Zero(i)));
    at_c = hn::RebindMask(Doubles(), hn::Eq(status, hn::Set(i, 1)));
    gradient = hn::LoadU(Doubles(), state.gradient + t);
  }

  HWY_INLINE Mask may_rise() const { return hn::Not(hn::Or(hn::And(positive, at_c), hn::AndNot(positive, at_zero))); }
  HWY_INLINE Mask may_fall() const { return hn::Not(hn::Or(hn::And(positive, at_zero), hn::AndNot(positive, at_c))); }
  /// y G
  HWY_INLINE Vector low() const { return hn::IfThenElse(positive, gradient, hn::Neg(gradient)); }

 private:
  static HWY_INLINE hn::Vec<Indices> widened(const signed char* bytes) {
    const hn::Rebind<std::int8_t, Doubles> b;
    const hn::Rebind<std::int32_t, Doubles> w;
    return hn::PromoteTo(Indices(), hn::PromoteTo(w, hn::LoadU(b, reinterpret_cast<const std::int8_t*>(bytes))));
  }
};

Best most_violating_on(const SolverState& state, std::size_t end) {
  LaneBest best;
  hn::Vec<Indices> index = hn::Iota(Indices(), 0);
  for (std::size_t t = 0; t < end; t += kWidth) {
    const Variables variables(state, t);
    best.offer(variables.may_rise(), hn::Neg(variables.low()), index);
    index = hn::Add(index, hn::Set(Indices(), kWidth));
  }
  return best.best();
}

Best best_partner_on(const SolverState& state, const FirstOfPair& first, const float* row, std::size_t end,
                     double* most_low) {
  const Doubles d;
  const Vector violation = hn::Set(d, first.violation);
  const Vector diagonal = hn::Set(d, first.diagonal);
  const Vector twice_y = hn::Set(d, first.twice_y);
  LaneBest best;
  Vector most = hn::Set(d, -kInfinity);
  hn::Vec<Indices> index = hn::Iota(Indices(), 0);
  for (std::size_t t = 0; t < end; t += kWidth) {
    const Variables variables(state, t);
    const Mask may_fall = variables.may_fall();
    const Vector low = variables.low();
    most = hn::IfThenElse(hn::And(may_fall, hn::Ge(low, most)), low, most);
    const Vector difference = hn::Add(violation, low);
    const Mask falls = hn::And(may_fall, hn::Gt(difference, hn::Zero(d)));
    const Vector cross = hn::Mul(twice_y, hn::PromoteTo(d, hn::LoadU(hn::Rebind<float, Doubles>(), row + t)));
    const Vector sum = hn::Add(diagonal, hn::LoadU(d, state.diagonal + t));
    const Vector curvature = hn::IfThenElse(variables.positive, hn::Sub(sum, cross), hn::Add(sum, cross));
    const Vector divisor = hn::IfThenElse(hn::Gt(curvature, hn::Zero(d)), curvature, hn::Set(d, kTau));
    best.offer(falls, hn::Div(hn::Mul(difference, difference), divisor), index);
    index = hn::Add(index, hn::Set(Indices(), kWidth));
  }
  double lows[kWidth];
  hn::StoreU(most, d, lows);
  for (const double low : lows) {
    if (low >= *most_low) *most_low = low;
  }
  return best.best();
}

std::size_t width_on() { return kWidth; }

}  // namespace
}  // namespace unreel::svm::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace unreel::svm {
namespace {

HWY_EXPORT(most_violating_on);
HWY_EXPORT(best_partner_on);
HWY_EXPORT(width_on);

/// The variables that fill whole registers; the others are done one by one.
std::size_t whole_registers(std::size_t active) { return active - active % HWY_DYNAMIC_DISPATCH(width_on)(); }

}  // namespace

Violator most_violating(const SolverState& state) {
  Best best;
  std::size_t done = 0;
  if (!runs_scalar()) {
    done = whole_registers(state.active);
    best = HWY_DYNAMIC_DISPATCH(most_violating_on)(state, done);
  }
  offer_rising(state, done, state.active, best);
  return {best.index, best.value};
}

Partner best_partner(const SolverState& state, const Violator& first, const float* row) {
  // Without i the violation is -infinity: no difference is positive and nothing else of i is looked at.
  FirstOfPair of_first{-kInfinity, 0, 0};
  if (first.index >= 0) {
    const auto i = static_cast<std::size_t>(first.index);
    of_first = {first.value, state.diagonal[i], 2.0 * state.y[i]};
  }
  Best best;
  double most_low = -kInfinity;
  std::size_t done = 0;
  if (!runs_scalar() && row != nullptr) {
    done = whole_registers(state.active);
    best = HWY_DYNAMIC_DISPATCH(best_partner_on)(state, of_first, row, done, &most_low);
  }
  offer_falling(state, of_first, row, done, state.active, best, most_low);
  return {best.index, most_low};
}

}  // namespace unreel::svm
#endif  // HWY_ONCE
