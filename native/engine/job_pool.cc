#include "engine/job_pool.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace unreel::engine {

JobPool& JobPool::instance() {
  // Long trainings must not keep short calls waiting, hence more threads than cores; each is asleep until it has work.
  static auto* const kPool = new JobPool("unreel-job", static_cast<std::size_t>(std::max(8, 2 * available_cores())));
  return *kPool;
}

JobPool& JobPool::writers() {
  static auto* const kPool = new JobPool("unreel-write", 2);
  return *kPool;
}

void JobPool::submit(std::function<void()> job) {
  std::lock_guard lock(mutex_);
  jobs_.push_back(std::move(job));
  grow_if_needed();
  arrived_.notify_one();
}

void JobPool::grow_if_needed() {
  if (waiting_ < jobs_.size() && threads_.size() < std::min(limit_ + outside_, kMostThreads)) grow();
}

void JobPool::wait_begins() {
  std::lock_guard lock(mutex_);
  ++outside_;
  try {
    grow_if_needed();
  } catch (...) {
    // A thread too few is a wait, not a failure.
  }
}

void JobPool::wait_ends() {
  std::lock_guard lock(mutex_);
  --outside_;
  if (has_surplus()) arrived_.notify_one();
}

void JobPool::grow() {
  const auto self = threads_.emplace(threads_.end());
  try {
    *self = NamedThread(name_, [this, self] { work(self); });
  } catch (...) {
    threads_.erase(self);
    if (!threads_.empty()) return;  // a thread too few is a wait, not a failure
    jobs_.pop_back();
    throw;
  }
}

bool JobPool::wait_idle(int timeout_ms) {
  std::unique_lock lock(mutex_);
  return idle_.wait_for(lock, std::chrono::milliseconds(timeout_ms), [&] { return jobs_.empty() && running_ == 0; });
}

void JobPool::work(Threads::iterator self) {
  const ObservedThread observed(*this);
  std::unique_lock lock(mutex_);
  for (;;) {
    ++waiting_;
    arrived_.wait(lock, [&] { return !jobs_.empty() || has_surplus(); });
    --waiting_;
    if (has_surplus()) return retire(self);
    {
      const std::function<void()> job = std::move(jobs_.front());
      jobs_.pop_front();
      ++running_;
      lock.unlock();
      job();
      // What the job owned ends here, outside the lock: it may be a whole model.
    }
    lock.lock();
    --running_;
    if (jobs_.empty() && running_ == 0) idle_.notify_all();
  }
}

void JobPool::retire(Threads::iterator self) {
  self->detach();
  threads_.erase(self);
  if (!jobs_.empty()) arrived_.notify_one();  // the call that woke this thread may have been for a job
}

}  // namespace unreel::engine
