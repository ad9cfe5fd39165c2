// Threads that carry a name.
#pragma once

#include <functional>
#include <string>
#include <thread>

namespace unreel {

/// The number of cores this process may run on (its affinity mask), at least 1.
int available_cores();

/// CPU time that the calling thread has taken so far.
double thread_cpu_seconds();

/// A thread whose name shows in debuggers and `top -H` (at most 15 characters), joined when the object ends. `body`
/// must not throw.
class NamedThread {
 public:
  NamedThread() = default;
  NamedThread(const std::string& name, std::function<void()> body);
  NamedThread(NamedThread&&) = default;
  NamedThread& operator=(NamedThread&&) = default;
  ~NamedThread() { join(); }

  void join() {
    if (thread_.joinable()) thread_.join();
  }

  /// Lets the thread end by itself. Only where what it uses lives as long as the process.
  void detach() { thread_.detach(); }

 private:
  std::thread thread_;
};

/**
 * Runs body(begin, end) over [0, count) cut into `threads` contiguous parts of nearly equal size, the calling thread
 * taking the first. The cut depends on count and threads alone. An exception of a part is thrown after all have ended.
 */
void parallel_for(std::size_t count, int threads, const std::function<void(std::size_t begin, std::size_t end)>& body);

}  // namespace unreel
