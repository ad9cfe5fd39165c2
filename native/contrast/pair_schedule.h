// All pairs of tiles, worked on by several threads with sums in one order.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

namespace unreel::contrast {

/**
 * Every tile with itself and every pair of tiles once, as a round-robin tournament holds them: in a round no tile is in
 * two pairs, so the pairs of a round may be worked on at the same time, and what a tile takes part in has an order that
 * the number of tiles alone decides.
 */
class PairSchedule {
 public:
  explicit PairSchedule(std::size_t tiles);

  /**
   * Calls work(thread, first, second), first <= second, for each pair, from `threads` threads. Two calls that share a
   * tile never overlap, and come in the same order whatever the number of threads; the later one sees what the earlier
   * one wrote. `work` must not throw.
   */
  void run(int threads, const std::function<void(std::size_t thread, std::size_t first, std::size_t second)>& work) const;

 private:
  struct Pair {
    std::size_t first, second;
    std::size_t first_turn, second_turn;  ///< how many pairs of that tile come before
  };

  std::size_t tiles_;
  std::vector<Pair> pairs_;
};

}  // namespace unreel::contrast
