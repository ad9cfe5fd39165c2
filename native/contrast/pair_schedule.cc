#include "contrast/pair_schedule.h"

#include <algorithm>
#include <thread>

namespace unreel::contrast {
/// Pairs of a tile that are done. On a cache line of its own: others wait for it.
struct alignas(64) PairSchedule::Run::Turns {
  std::atomic<std::size_t> done{0};

  void wait_for(std::size_t turn) const {
    while (done.load(std::memory_order_acquire) != turn) std::this_thread::yield();
  }
};

PairSchedule::PairSchedule(std::size_t tiles) : tiles_(tiles) {
  std::vector<std::size_t> turns(tiles);
  const auto add = [&](std::size_t a, std::size_t b) {
    const auto [first, second] = std::minmax(a, b);
    pairs_.push_back({first, second, turns[first], turns[second]});
    ++turns[first];
    if (first != second) ++turns[second];
  };
  for (std::size_t tile = 0; tile < tiles; ++tile) add(tile, tile);
  // The circle method: one seat stays, the others move on by one each round. With an odd number one seat is empty.
  const std::size_t seats = tiles + tiles % 2;
  for (std::size_t round = 0; round + 1 < seats; ++round) {
    for (std::size_t seat = 0; seat < seats / 2; ++seat) {
      const std::size_t moving = seats - 1;
      const std::size_t a = seat == 0 ? moving : (round + seat) % moving;
      const std::size_t b = (round + moving - seat) % moving;
      if (a < tiles && b < tiles) add(a, b);
    }
  }
}

PairSchedule::Run::Run(const PairSchedule& schedule) : schedule_(schedule), turns_(new Turns[schedule.tiles_]) {}

PairSchedule::Run::~Run() = default;

void PairSchedule::Run::work_off(const std::function<void(std::size_t, std::size_t, std::size_t)>& work) {
  // Pairs are taken in their order, so the one that a thread waits for is taken already.
  for (std::size_t i = next_++; i < schedule_.pairs_.size(); i = next_++) {
    const Pair& pair = schedule_.pairs_[i];
    turns_[pair.first].wait_for(pair.first_turn);
    turns_[pair.second].wait_for(pair.second_turn);
    work(i, pair.first, pair.second);
    turns_[pair.first].done.fetch_add(1, std::memory_order_release);
    if (pair.first != pair.second) turns_[pair.second].done.fetch_add(1, std::memory_order_release);
  }
}

}  // namespace unreel::contrast
