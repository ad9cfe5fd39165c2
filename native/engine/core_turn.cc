#include "engine/core_turn.h"

#include <condition_variable>
#include <mutex>

#include "base/check.h"
#include "base/thread.h"

namespace unreel::engine {
namespace {

/// Never destroyed: workers may run when the process exits.
struct Turns {
  std::mutex mutex;
  std::condition_variable freed;
  int taken = 0;
};

Turns& turns() {
  static auto* const kTurns = new Turns;
  return *kTurns;
}

thread_local bool has_turn = false;

const std::atomic<bool> kNever{false};

void take_at_once() {
  const std::lock_guard lock(turns().mutex);
  ++turns().taken;
}

void give_back() {
  const std::lock_guard lock(turns().mutex);
  --turns().taken;
  turns().freed.notify_one();
}

}  // namespace

CoreTurn::CoreTurn() : CoreTurn(kNever) {}

CoreTurn::CoreTurn(const std::atomic<bool>& given_up) {
  UNREEL_CHECK(!has_turn);
  std::unique_lock lock(turns().mutex);
  turns().freed.wait(lock, [&, limit = available_cores()] { return given_up || turns().taken < limit; });
  if (given_up) return;
  ++turns().taken;
  has_turn = true;
}

CoreTurn::~CoreTurn() {
  if (has_turn) give_back();
  has_turn = false;
}

void CoreTurn::look_again() {
  const std::lock_guard lock(turns().mutex);
  turns().freed.notify_all();
}

void CoreTurn::pause() {
  if (has_turn) give_back();
}

void CoreTurn::resume() {
  if (has_turn) take_at_once();
}

int CoreTurn::taken() {
  const std::lock_guard lock(turns().mutex);
  return turns().taken;
}

}  // namespace unreel::engine
