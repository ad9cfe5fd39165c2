#include "base/helping_hands.h"

#include <atomic>
#include <mutex>
#include <thread>

#include "base/thread.h"

namespace unreel {

/// A thread and what it was given.
class HelpingHands::Hand {
 public:
  Hand() : thread_("unreel-for", [this] { work(); }) {}

  void give(const std::function<void(std::size_t)>& run, std::size_t part) {
    run_ = &run;
    part_ = part;
    set(kGiven);
  }

  void wait_until_done() { wait_while(kGiven); }

  /// Lets the thread end, and frees the hand.
  static void dismiss(Hand* hand) {
    hand->set(kDismissed);
    delete hand;
  }

 private:
  static constexpr int kIdle = 0;
  static constexpr int kGiven = 1;
  static constexpr int kDismissed = 2;
  /// How often a thread looks before it sleeps: as long as a call takes to come back with the next step.
  static constexpr int kLooks = 100;

  void set(int state) {
    state_.store(state, std::memory_order_release);
    state_.notify_all();
  }

  /// Returns the state that it is in then.
  int wait_while(int state) {
    for (int look = 0; look < kLooks; ++look) {
      if (const int now = state_.load(std::memory_order_acquire); now != state) return now;
      std::this_thread::yield();
    }
    state_.wait(state, std::memory_order_acquire);
    return state_.load(std::memory_order_acquire);
  }

  void work() {
    while (wait_while(kIdle) == kGiven) {
      (*run_)(part_);
      set(kIdle);
    }
  }

  std::atomic<int> state_{kIdle};
  const std::function<void(std::size_t)>* run_ = nullptr;
  std::size_t part_ = 0;
  NamedThread thread_;  ///< the last member: it uses the others
};

/// Those that nobody needs at the moment.
class WaitingHands {
 public:
  static WaitingHands& instance() {
    static WaitingHands* const kInstance = new WaitingHands;
    return *kInstance;
  }

  HelpingHands::Hand* take() {
    {
      const std::lock_guard lock(mutex_);
      if (!hands_.empty()) {
        HelpingHands::Hand* const hand = hands_.back();
        hands_.pop_back();
        return hand;
      }
    }
    return new HelpingHands::Hand;
  }

  void give_back(HelpingHands::Hand* hand) {
    {
      const std::lock_guard lock(mutex_);
      if (hands_.size() < most_) {
        hands_.push_back(hand);
        return;
      }
    }
    HelpingHands::Hand::dismiss(hand);
  }

 private:
  /// With room for all that may wait: giving a hand back must not throw.
  WaitingHands() { hands_.reserve(most_); }

  const std::size_t most_ = static_cast<std::size_t>(available_cores());
  std::mutex mutex_;
  std::vector<HelpingHands::Hand*> hands_;
};

HelpingHands::HelpingHands(std::size_t count) {
  hands_.reserve(count);
  try {
    while (hands_.size() < count) hands_.push_back(WaitingHands::instance().take());
  } catch (...) {
    for (Hand* const hand : hands_) WaitingHands::instance().give_back(hand);
    throw;
  }
}

HelpingHands::~HelpingHands() {
  for (Hand* const hand : hands_) {
    hand->wait_until_done();
    WaitingHands::instance().give_back(hand);
  }
}

void HelpingHands::give(std::size_t index, const std::function<void(std::size_t)>& run, std::size_t part) const {
  hands_[index]->give(run, part);
}

}  // namespace unreel
