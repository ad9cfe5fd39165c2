// Threads that help with parts of a call and then wait for the next one.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

namespace unreel {

/**
 * Some threads of the process for the length of a call: those that wait from earlier calls, and new ones where these
 * are too few. A waiting thread is on its core within microseconds, a new one takes ten times as long. Afterwards as
 * many go on waiting as there are cores, to the end of the process; the others end.
 */
class HelpingHands {
 public:
  /// All of them, before any is given something: parts that wait for each other may rely on it. Throws
  /// std::system_error when a thread cannot be started.
  explicit HelpingHands(std::size_t count);
  /// Waits until each has done what it was given.
  ~HelpingHands();

  HelpingHands(const HelpingHands&) = delete;
  HelpingHands& operator=(const HelpingHands&) = delete;

  /// Has hand `index` call run(part), which must not throw, while this object lives. Once a hand.
  void give(std::size_t index, const std::function<void(std::size_t)>& run, std::size_t part) const;

 private:
  class Hand;

  std::vector<Hand*> hands_;

  friend class WaitingHands;
};

}  // namespace unreel
