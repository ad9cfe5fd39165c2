// Random rows and errors, for the tests of this room.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/random.h"

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
