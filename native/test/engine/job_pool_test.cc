#include "engine/job_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace unreel::engine {
namespace {

TEST(JobPool, RunsEveryJob) {
  std::atomic<int> ran{0};
  std::promise<void> all;
  for (int i = 0; i < 100; ++i) {
    JobPool::instance().submit([&] {
      if (++ran == 100) all.set_value();
    });
  }
  all.get_future().wait();
  EXPECT_EQ(ran.load(), 100);
  EXPECT_TRUE(JobPool::instance().wait_idle(10'000));
}

TEST(JobPool, AShortJobDoesNotWaitForALongOne) {
  std::promise<void> release;
  std::shared_future<void> released = release.get_future().share();
  JobPool::instance().submit([released] { released.wait(); });
  std::promise<void> ran;
  JobPool::instance().submit([&] { ran.set_value(); });
  ran.get_future().wait();
  release.set_value();
  EXPECT_TRUE(JobPool::instance().wait_idle(10'000));
}

TEST(JobPool, JobsThatWaitForSomebodyOutsideHoldUpNoOther) {
  std::promise<void> release;
  std::shared_future<void> released = release.get_future().share();
  for (int i = 0; i < 100; ++i) {
    JobPool::instance().submit([released] {
      const OutsideWait waiting;
      released.wait();
    });
  }
  std::promise<void> ran;
  JobPool::instance().submit([&] { ran.set_value(); });
  ran.get_future().wait();
  release.set_value();
  EXPECT_TRUE(JobPool::instance().wait_idle(10'000));
}

}  // namespace
}  // namespace unreel::engine
