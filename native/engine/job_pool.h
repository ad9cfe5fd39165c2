// Threads for calls that end with one result: opening, training, scoring a block of rows.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

#include "base/thread.h"

namespace unreel::engine {

/**
 * Process-wide and grown on demand up to a bound, so that neither libuv's pool nor the JS thread does the work. Never
 * destroyed: a thread may still run when the process exits. All members are thread-safe.
 */
class JobPool {
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
  void work();
  void grow();

  const char* const name_;
  const std::size_t limit_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::condition_variable idle_;
  std::deque<std::function<void()>> jobs_;
  std::vector<NamedThread> threads_;
  std::size_t waiting_ = 0;
  std::size_t running_ = 0;
};

}  // namespace unreel::engine
