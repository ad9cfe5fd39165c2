// Which vector target the kernels run on: the best one of this CPU, or the one that UNREEL_TARGET names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace unreel {

/// The plain C++ code, without kernels.
inline constexpr std::string_view kScalarTarget = "SCALAR";

/// Highway's names of the targets that are compiled and that this CPU supports, the best first, and "SCALAR" last.
std::vector<std::string> simd_targets();

/**
 * The name of the target in force. The first call reads UNREEL_TARGET (any case; unset or empty: the best).
 * Thread-safe. Throws invalid_argument with the names that this CPU supports when the variable names another.
 */
std::string simd_target();

/// Whether simd_target() is kScalarTarget; quick enough to ask in a kernel.
bool runs_scalar();

/// Puts another target in force, "" the best one. For tests: not while a kernel runs. Throws as simd_target() does.
void set_simd_target(std::string_view name);

}  // namespace unreel
