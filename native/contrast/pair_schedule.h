// All pairs of tiles, worked on by several threads with sums in one order.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
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

  /// Pairs in all.
  std::size_t size() const { return pairs_.size(); }

  /// One working off of all pairs, shared by the threads that do it.
  class Run {
   public:
    explicit Run(const PairSchedule& schedule);
    ~Run();

    /**
     * Calls work(pair, first, second), first <= second, for pairs that nobody has taken, until there are none; pair
     * counts from 0. Any number of threads may be in it. Two calls of `work` that share a tile never overlap, and come
     * in the same order whatever the number of threads; the later one sees what the earlier one wrote. `work` must not
     * throw.
     */
    void work_off(const std::function<void(std::size_t pair, std::size_t first, std::size_t second)>& work);

   private:
    struct Turns;

    const PairSchedule& schedule_;
    std::unique_ptr<Turns[]> turns_;
    std::atomic<std::size_t> next_{0};
  };

 private:
  struct Pair {
    std::size_t first, second;
    std::size_t first_turn, second_turn;  ///< how many pairs of that tile come before
  };

  std::size_t tiles_;
  std::vector<Pair> pairs_;
};

}  // namespace unreel::contrast
