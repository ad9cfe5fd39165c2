#include "clip/batch_choice.h"

#include <gtest/gtest.h>

#include <vector>

namespace unreel::clip {
namespace {

/// A call costs `fixed` seconds, and `each` more for every picture.
struct Machine {
  double fixed;
  double each;
  std::vector<int> tried;

  int choose(int largest = 32, double budget_s = 1000) {
    return choose_batch(
        [this](int batch) {
          tried.push_back(batch);
          return fixed + each * batch;
        },
        largest, budget_s);
  }
};

TEST(BatchChoice, OneWhereBatchesBringNothing) {
  Machine machine{0, 0.1, {}};
  EXPECT_EQ(machine.choose(), 1);
  EXPECT_EQ(machine.tried, (std::vector<int>{1, 2, 4})) << "two without gain end it";
}

TEST(BatchChoice, TheSmallestThatIsNearlyAsGoodAsTheBest) {
  Machine machine{0.02, 0.1, {}};
  EXPECT_EQ(machine.choose(), 16);  // 1, 2, 4 … reach 83, 91, 95, 97.6, 98.8 and 99.4 % of what is possible
}

TEST(BatchChoice, GoesNoFurtherThanTheModelOrTheBudgetAllow) {
  Machine narrow{1, 0.01, {}};
  EXPECT_EQ(narrow.choose(4), 4);
  Machine slow{1, 2, {}};
  EXPECT_EQ(slow.choose(32, 9), 2);
  EXPECT_EQ(slow.tried, (std::vector<int>{1, 2})) << "4 pictures would take 10 s more";
  Machine slower{100, 100, {}};
  EXPECT_EQ(slower.choose(32, 1), 1);
}

}  // namespace
}  // namespace unreel::clip
