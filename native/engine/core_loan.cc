#include "engine/core_loan.h"

#include <algorithm>
#include <atomic>

#include "base/thread.h"
#include "engine/core_turn.h"

namespace unreel::engine {
namespace {

/// More frames at once only cost memory: each thread holds some.
constexpr int kMostThreads = 16;

std::atomic<int>& lent() {
  static std::atomic<int> cores{0};
  return cores;
}

int grant(int wanted) {
  if (wanted > 0) {
    lent() += wanted;
    return wanted;
  }
  int held = lent();
  int granted = 1;
  do {
    granted = std::clamp(available_cores() - held - CoreTurn::taken(), 1, kMostThreads);
  } while (!lent().compare_exchange_weak(held, held + granted));
  return granted;
}

}  // namespace

CoreLoan::CoreLoan(int wanted) : threads_(grant(wanted)) {}

CoreLoan::~CoreLoan() { lent() -= threads_; }

}  // namespace unreel::engine
