// Threads that go through the steps of one computation together.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>

namespace unreel {

/// One thread of a team. Lives as long as the call of its body.
class TeamMember {
 public:
  TeamMember(std::size_t index, std::size_t count, std::atomic<std::size_t>& arrivals)
      : index_(index), count_(count), arrivals_(arrivals) {}

  std::size_t index() const { return index_; }
  std::size_t count() const { return count_; }

  /// The member's share of [0, items): contiguous parts of nearly equal size.
  std::size_t begin(std::size_t items) const { return items * index_ / count_; }
  std::size_t end(std::size_t items) const { return items * (index_ + 1) / count_; }

  /// Returns when all members have called it as often; what they wrote before is seen after. Waits by yielding: for
  /// steps that take about as long on all.
  void meet();

 private:
  std::size_t index_, count_;
  std::size_t meetings_ = 0;
  std::atomic<std::size_t>& arrivals_;  ///< of all members, over all meetings
};

/// Calls body for each of `threads` members (at least one), the calling thread being the first. Starting threads once
/// and letting them meet costs a fraction of starting them for each step. `body` must not throw: others would wait for
/// ever.
void run_team(int threads, const std::function<void(TeamMember&)>& body);

}  // namespace unreel
