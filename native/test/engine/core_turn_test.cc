#include "engine/core_turn.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "base/thread.h"
#include "engine/core_loan.h"

namespace unreel::engine {
namespace {

TEST(CoreTurn, NoMoreThreadsRunThanThereAreCores) {
  const int cores = available_cores();
  std::atomic<int> running{0};
  std::atomic<int> most{0};
  {
    std::vector<NamedThread> threads;
    for (int i = 0; i < 3 * cores; ++i) {
      threads.emplace_back("turn", [&] {
        for (int round = 0; round < 50; ++round) {
          const CoreTurn turn;
          const int now = ++running;
          int seen = most;
          while (now > seen && !most.compare_exchange_weak(seen, now)) {
          }
          --running;
        }
      });
    }
  }
  EXPECT_LE(most, cores);
  EXPECT_EQ(CoreTurn::taken(), 0);
}

TEST(CoreTurn, AThreadThatWaitsOutsideLeavesItsCoreToAnother) {
  const CoreTurn turn;
  EXPECT_EQ(CoreTurn::taken(), 1);
  CoreTurn::pause();
  EXPECT_EQ(CoreTurn::taken(), 0);
  CoreTurn::resume();
  EXPECT_EQ(CoreTurn::taken(), 1);
}

TEST(CoreTurn, WhoGivesUpWaitsNoLonger) {
  std::atomic<bool> given_up{false};
  {
    std::atomic<int> holding{0};
    std::atomic<bool> done{false};
    std::vector<NamedThread> all;
    for (int i = 0; i < available_cores(); ++i) {
      all.emplace_back("turn", [&] {
        const CoreTurn turn;
        ++holding;
        while (!done) std::this_thread::yield();
      });
    }
    while (holding < available_cores()) std::this_thread::yield();
    NamedThread waiting("waits", [&] { const CoreTurn turn(given_up); });
    given_up = true;
    CoreTurn::look_again();
    waiting.join();
    EXPECT_EQ(CoreTurn::taken(), available_cores());
    done = true;
  }
  EXPECT_EQ(CoreTurn::taken(), 0);
}

TEST(CoreTurn, SamplingsTakeWhatWorkersLeave) {
  const CoreTurn turn;
  EXPECT_EQ(CoreLoan(0).threads(), std::clamp(available_cores() - 1, 1, 16));
}

}  // namespace
}  // namespace unreel::engine
