// Threads of a bounded set that only wait for somebody outside the process.
#pragma once

namespace unreel {

/// Owns a bounded number of threads and lets another one work while one of them waits. Called on the waiting thread.
class WaitObserver {
 public:
  virtual void wait_begins() = 0;
  virtual void wait_ends() = 0;

 protected:
  ~WaitObserver() = default;
};

/// While it lives, `observer` is told of the waits of the thread that made it.
class ObservedThread {
 public:
  explicit ObservedThread(WaitObserver& observer);
  ObservedThread(const ObservedThread&) = delete;
  ObservedThread& operator=(const ObservedThread&) = delete;
  ~ObservedThread();
};

/// While it lives, its thread waits for somebody outside: a server, a producer in JavaScript. Never for a thread of
/// ours, and never made while a lock is held.
class OutsideWait {
 public:
  OutsideWait();
  OutsideWait(const OutsideWait&) = delete;
  OutsideWait& operator=(const OutsideWait&) = delete;
  ~OutsideWait();
};

}  // namespace unreel
