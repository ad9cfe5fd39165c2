// The best vector target again, whatever a test chose.
#pragma once

#include "base/simd_target.h"

namespace unreel::test {

/// Puts the best target back in force at the end of a test.
struct TargetGuard {
  ~TargetGuard() { set_simd_target(""); }
};

}  // namespace unreel::test
