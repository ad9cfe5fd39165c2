#include "engine/core_loan.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/thread.h"

namespace unreel::engine {
namespace {

TEST(CoreLoan, IsWhatNoOtherHoldsAndAtLeastOne) {
  const int all = std::min(available_cores(), 16);
  {
    const CoreLoan first(0);
    EXPECT_EQ(first.threads(), all);
    const CoreLoan second(0);
    EXPECT_EQ(second.threads(), std::max(1, available_cores() - all));
  }
  const CoreLoan again(0);
  EXPECT_EQ(again.threads(), all) << "what was held was given back";
}

TEST(CoreLoan, GrantsWhatIsAskedFor) {
  const CoreLoan many(7);
  EXPECT_EQ(many.threads(), 7);
  EXPECT_EQ(CoreLoan(0).threads(), std::max(1, available_cores() - 7));
}

}  // namespace
}  // namespace unreel::engine
