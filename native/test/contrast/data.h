// Random rows and errors, for the tests of this room.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "contrast/arguments.h"
#include "contrast/rows.h"

namespace unreel::contrast::test {

/// Uniform in [-1, 1).
inline std::vector<float> random_values(std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(2 * random.uniform() - 1);
  return values;
}

/// The error that `call` throws; fails the test when it throws none.
inline Error error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no error was thrown";
  return Error(ErrorCode::internal, "");
}

/// The detail of that name; fails the test when there is none.
inline ErrorDetail detail(const Error& error, const std::string& name) {
  for (const auto& [key, value] : error.details()) {
    if (key == name) return value;
  }
  ADD_FAILURE() << "no detail " << name << " in: " << error.message();
  return std::string();
}

}  // namespace unreel::contrast::test

namespace unreel::contrast {
class MemoryRows : public RowSource {
 public:
  MemoryRows(const float* x, std::size_t rows, std::size_t dims) : x_(x), rows_(rows), dims_(dims) {}
  std::size_t rows() const override { return rows_; }
  std::size_t dims() const override { return dims_; }
  void gather(const std::size_t* rows, std::size_t count, float* out) const override {
    for (std::size_t i = 0; i < count; ++i) {
      require_finite_at(rows[i]);
      std::copy_n(x_ + rows[i] * dims_, dims_, out + i * dims_);
    }
  }

 private:
  void require_finite_at(std::size_t row) const {
    for (std::size_t k = 0; k < dims_; ++k) {
      if (!std::isfinite(x_[row * dims_ + k])) throw not_finite_at("The feature", row, k);
    }
  }
  const float* x_;
  std::size_t rows_, dims_;
};
}  // namespace unreel::contrast
