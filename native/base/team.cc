#include "base/team.h"

#include <algorithm>
#include <thread>

#include "base/thread.h"

namespace unreel {

void TeamMember::meet() {
  ++meetings_;
  arrivals_.fetch_add(1, std::memory_order_acq_rel);
  while (arrivals_.load(std::memory_order_acquire) < meetings_ * count_) std::this_thread::yield();
}

void run_team(int threads, const std::function<void(TeamMember&)>& body) {
  const auto count = static_cast<std::size_t>(std::max(threads, 1));
  std::atomic<std::size_t> arrivals{0};
  parallel_for(count, static_cast<int>(count), [&](std::size_t index, std::size_t) {
    TeamMember member(index, count, arrivals);
    body(member);
  });
}

}  // namespace unreel
