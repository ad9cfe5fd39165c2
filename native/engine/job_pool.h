// Threads for calls that end with one result: opening, training, scoring a block of rows.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <list>
#include <mutex>

#include "base/outside_wait.h"
#include "base/thread.h"

namespace unreel::engine {

/**
 * Process-wide and grown on demand up to a bound, so that neither libuv's pool nor the JS thread does the work. Never
 * destroyed: a thread may still run when the process exits. All members are thread-safe. A job that waits for somebody
 * outside (OutsideWait) does not count: another thread takes its place, as long as there are fewer than kMostThreads,
 * and ends when it is not needed any more.
 */
class JobPool final : private WaitObserver {
 public:
  static JobPool& instance();

  /// A second pool, of two threads, for short jobs that others wait for: they never queue behind jobs that wait.
  static JobPool& writers();

  /// Queues a job; it must not throw. Jobs start in the order in which they came.
  void submit(std::function<void()> job);

  /// Waits until no job runs or is queued, at most `timeout_ms`. For teardown; whether all came to an end.
  bool wait_idle(int timeout_ms);

 private:
  JobPool(const char* name, std::size_t limit) : name_(name), limit_(limit) {}
  using Threads = std::list<NamedThread>;

  void work(Threads::iterator self);
  void retire(Threads::iterator self);
  bool has_surplus() const { return threads_.size() > limit_ + outside_; }
  void grow_if_needed();
  void grow();
  void wait_begins() override;
  void wait_ends() override;

  static constexpr std::size_t kMostThreads = 256;

  const char* const name_;
  const std::size_t limit_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::condition_variable idle_;
  std::deque<std::function<void()>> jobs_;
  Threads threads_;
  std::size_t waiting_ = 0;
  std::size_t running_ = 0;
  std::size_t outside_ = 0;  ///< of running_, those that wait for somebody outside
};

}  // namespace unreel::engine
