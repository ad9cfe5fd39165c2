#include "base/thread.h"

#include "base/helping_hands.h"

#include <pthread.h>
#include <sched.h>
#include <time.h>

#include <algorithm>
#include <exception>
#include <utility>
#include <vector>

namespace unreel {

int available_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) == 0) return std::max(1, CPU_COUNT(&set));
  return static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

double thread_cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

NamedThread::NamedThread(const std::string& name, std::function<void()> body)
    : thread_([label = name.substr(0, 15), work = std::move(body)] {
        pthread_setname_np(pthread_self(), label.c_str());
        work();
      }) {}

void parallel_for(std::size_t count, int threads, const std::function<void(std::size_t, std::size_t)>& body) {
  const std::size_t parts = std::min<std::size_t>(std::max(threads, 1), std::max<std::size_t>(count, 1));
  const auto bound = [&](std::size_t part) { return count * part / parts; };
  std::vector<std::exception_ptr> failures(parts);
  const std::function<void(std::size_t)> run = [&](std::size_t part) {
    try {
      body(bound(part), bound(part + 1));
    } catch (...) {
      failures[part] = std::current_exception();
    }
  };
  {
    const HelpingHands helpers(parts - 1);
    for (std::size_t part = 1; part < parts; ++part) helpers.give(part - 1, run, part);
    run(0);
  }
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
}

}  // namespace unreel
