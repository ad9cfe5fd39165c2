// Reverse-mode differentiation of formulas written out in double, for references: slow and plain.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

namespace unreel::contrast::test {

class Tape;

/// A number that remembers what it was computed from. The tape must outlive it.
struct Var {
  Tape* tape = nullptr;
  std::size_t id = 0;
  double value = 0;
};

/// What was computed, in order; each number with its partial derivatives.
class Tape {
 public:
  struct Part {
    std::size_t parent;
    double partial;
  };

  Var add(double value, const std::vector<Part>& parts = {}) {
    parts_.insert(parts_.end(), parts.begin(), parts.end());
    ends_.push_back(parts_.size());
    return {this, ends_.size() - 1, value};
  }

  std::vector<Var> add_all(const std::vector<double>& values) {
    std::vector<Var> vars;
    for (const double value : values) vars.push_back(add(value));
    return vars;
  }

  /// d output / d each number of the tape, by its id.
  std::vector<double> gradient(const Var& output) const {
    std::vector<double> rates(ends_.size());
    rates[output.id] = 1;
    for (std::size_t id = output.id + 1; id-- > 0;) {
      const std::size_t begin = id == 0 ? 0 : ends_[id - 1];
      for (std::size_t at = begin; at < ends_[id]; ++at) rates[parts_[at].parent] += rates[id] * parts_[at].partial;
    }
    return rates;
  }

 private:
  std::vector<std::size_t> ends_;  ///< where a number's parts end
  std::vector<Part> parts_;
};

inline Var operator+(const Var& a, const Var& b) { return a.tape->add(a.value + b.value, {{a.id, 1}, {b.id, 1}}); }
inline Var operator-(const Var& a, const Var& b) { return a.tape->add(a.value - b.value, {{a.id, 1}, {b.id, -1}}); }
inline Var operator*(const Var& a, const Var& b) {
  return a.tape->add(a.value * b.value, {{a.id, b.value}, {b.id, a.value}});
}
inline Var operator+(const Var& a, double b) { return a.tape->add(a.value + b, {{a.id, 1}}); }
inline Var operator*(double a, const Var& b) { return b.tape->add(a * b.value, {{b.id, a}}); }
inline Var inverse(const Var& a) { return a.tape->add(1 / a.value, {{a.id, -1 / (a.value * a.value)}}); }
inline Var exp(const Var& a) { return a.tape->add(std::exp(a.value), {{a.id, std::exp(a.value)}}); }
inline Var log(const Var& a) { return a.tape->add(std::log(a.value), {{a.id, 1 / a.value}}); }

/// Below `least` its derivative is taken as 0.
inline Var power(const Var& a, double exponent, double least) {
  const double rate = a.value > least ? exponent * std::pow(a.value, exponent - 1) : 0;
  return a.tape->add(std::pow(a.value, exponent), {{a.id, rate}});
}

/// max(0, a), of derivative 0 at 0.
inline Var positive_part(const Var& a) {
  return a.tape->add(std::max(a.value, 0.0), {{a.id, a.value > 0 ? 1.0 : 0.0}});
}

inline Var sum(Tape& tape, const std::vector<Var>& vars) {
  double value = 0;
  std::vector<Tape::Part> parts;
  for (const Var& var : vars) {
    value += var.value;
    parts.push_back({var.id, 1});
  }
  return tape.add(value, parts);
}

/// 0 of nothing.
inline Var mean(Tape& tape, const std::vector<Var>& vars) {
  return 1 / std::max(1.0, static_cast<double>(vars.size())) * sum(tape, vars);
}

/// The greatest; equal ones share the derivative.
inline Var greatest(const std::vector<Var>& vars) {
  const auto less = [](const Var& a, const Var& b) { return a.value < b.value; };
  const Var top = *std::max_element(vars.begin(), vars.end(), less);
  std::vector<Tape::Part> parts;
  for (const Var& var : vars) {
    if (var.value == top.value) parts.push_back({var.id, 1});
  }
  for (Tape::Part& part : parts) part.partial /= static_cast<double>(parts.size());
  return top.tape->add(top.value, parts);
}

inline Var dot(const Var* a, const Var* b, std::size_t dims) {
  double value = 0;
  std::vector<Tape::Part> parts;
  for (std::size_t k = 0; k < dims; ++k) {
    value += a[k].value * b[k].value;
    parts.push_back({a[k].id, b[k].value});
    parts.push_back({b[k].id, a[k].value});
  }
  return a->tape->add(value, parts);
}

inline Var squared_distance(const Var* a, const Var* b, std::size_t dims) {
  double value = 0;
  std::vector<Tape::Part> parts;
  for (std::size_t k = 0; k < dims; ++k) {
    const double difference = a[k].value - b[k].value;
    value += difference * difference;
    parts.push_back({a[k].id, 2 * difference});
    parts.push_back({b[k].id, -2 * difference});
  }
  return a->tape->add(value, parts);
}

}  // namespace unreel::contrast::test
