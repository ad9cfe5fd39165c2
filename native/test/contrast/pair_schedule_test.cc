#include "contrast/pair_schedule.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <utility>
#include <vector>

#include "base/team.h"

namespace unreel::contrast {
namespace {

TEST(PairSchedule, HoldsEveryPairOnce) {
  for (std::size_t tiles = 0; tiles <= 13; ++tiles) {
    std::multiset<std::pair<std::size_t, std::size_t>> seen;
    const PairSchedule schedule(tiles);
    EXPECT_EQ(schedule.size(), tiles * (tiles + 1) / 2);
    PairSchedule::Run(schedule).work_off([&](std::size_t pair, std::size_t first, std::size_t second) {
      EXPECT_EQ(pair, seen.size());
      EXPECT_LE(first, second);
      EXPECT_LT(second, tiles);
      seen.emplace(first, second);
    });
    EXPECT_EQ(seen.size(), tiles * (tiles + 1) / 2);
    EXPECT_EQ(std::set(seen.begin(), seen.end()).size(), seen.size());
  }
}

TEST(PairSchedule, NeverHasATileInTwoPairsAtOnceAndKeepsItsOrder) {
  for (const std::size_t tiles : {1U, 2U, 7U, 12U}) {
    std::vector<std::vector<std::size_t>> orders[2];
    for (const int threads : {1, 4}) {
      std::vector<std::atomic<int>> busy(tiles);
      std::vector<std::vector<std::size_t>> partners(tiles);
      const PairSchedule schedule(tiles);
      PairSchedule::Run run(schedule);
      const auto work = [&](std::size_t, std::size_t first, std::size_t second) {
        EXPECT_EQ(busy[first]++, 0);
        if (first != second) {
          EXPECT_EQ(busy[second]++, 0);
        }
        partners[first].push_back(second);
        if (first != second) partners[second].push_back(first);
        --busy[first];
        if (first != second) --busy[second];
      };
      run_team(threads, [&](TeamMember&) { run.work_off(work); });
      orders[threads == 1 ? 0 : 1] = partners;
    }
    EXPECT_EQ(orders[0], orders[1]);
  }
}

}  // namespace
}  // namespace unreel::contrast
