// A few small cases of `npm run soak:svm`.
#include <gtest/gtest.h>

#include "soak_check.h"
#include "test/support/target_guard.h"

namespace unreel::svm {
namespace {

TEST(Soak, RandomProblemsEqualLibsvmInEveryBit) {
  const unreel::test::TargetGuard guard;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const test::SoakCase one = test::make_soak_case(seed, 200, 60);
    EXPECT_EQ(test::differing_bits(one).all(), 0U) << "seed " << seed << ": " << test::description_of(one);
  }
}

}  // namespace
}  // namespace unreel::svm
