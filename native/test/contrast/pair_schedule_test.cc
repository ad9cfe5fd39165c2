#include "contrast/pair_schedule.h"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

namespace unreel::contrast {
namespace {

TEST(PairSchedule, HoldsEveryPairOnce) {
  for (std::size_t tiles = 0; tiles <= 13; ++tiles) {
    std::multiset<std::pair<std::size_t, std::size_t>> seen;
    PairSchedule(tiles).run(1, [&](std::size_t, std::size_t first, std::size_t second) {
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
      PairSchedule(tiles).run(threads, [&](std::size_t thread, std::size_t first, std::size_t second) {
        EXPECT_LT(thread, static_cast<std::size_t>(threads));
        EXPECT_EQ(busy[first]++, 0);
        if (first != second) EXPECT_EQ(busy[second]++, 0);
        partners[first].push_back(second);
        if (first != second) partners[second].push_back(first);
        --busy[first];
        if (first != second) --busy[second];
      });
      orders[threads == 1 ? 0 : 1] = partners;
    }
    EXPECT_EQ(orders[0], orders[1]);
  }
}

}  // namespace
}  // namespace unreel::contrast
