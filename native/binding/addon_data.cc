#include "binding/addon_data.h"

#include <dlfcn.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <mutex>

#include "engine/job_pool.h"

namespace unreel::binding {
namespace {

/// The environments of this process that have not ended. Never destroyed: it is read while the process exits.
struct Environments {
  std::mutex mutex;
  std::vector<AddonData*> live;
};

Environments& environments() {
  static auto* const kEnvironments = new Environments;
  return *kEnvironments;
}

/// How long work that cannot be interrupted, such as loading a model or libsvm's solver, may hold up the end.
constexpr int kLongestGoodbyeMs = 5000;

/// A worker thread's exit may unload the addon while threads of ours still run its code; pinned, it stays.
void pin_this_library() {
  static std::once_flag once;
  std::call_once(once, [] {
    Dl_info info;
    if (dladdr(reinterpret_cast<void*>(&pin_this_library), &info) != 0)
      dlopen(info.dli_fname, RTLD_LAZY | RTLD_NODELETE);
  });
}

}  // namespace

AddonData::AddonData(Napi::Env env) : channel_(JsChannel::create(env)) {
  pin_this_library();
  stop_before_exit();
  {
    const std::lock_guard lock(environments().mutex);
    environments().live.push_back(this);
  }
  env.AddCleanupHook([this] { shut_down(); });
}

void AddonData::watch(const CancelToken& token) {
  forget_dead();
  tokens_.push_back(token.watch());
}

void AddonData::forget_dead() {
  const auto prune = [](auto& items, auto dead) {
    if (items.size() >= 64 && (items.size() & (items.size() - 1)) == 0) {
      items.erase(std::remove_if(items.begin(), items.end(), dead), items.end());
    }
  };
  prune(tokens_, [](const auto& token) { return token.expired(); });
  prune(stoppables_, [](const Stoppable& each) { return each.object.expired(); });
}

void AddonData::stop_before_exit() { std::atexit(&AddonData::at_process_exit); }

void AddonData::at_process_exit() {
  {
    const std::lock_guard lock(environments().mutex);
    for (AddonData* data : environments().live) {
      data->channel_->abandon();
      data->stop_work();
    }
    environments().live.clear();
  }
  // Registered many times, waited for once.
  static const auto kDeadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(kLongestGoodbyeMs);
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(kDeadline - std::chrono::steady_clock::now());
  engine::JobPool::instance().wait_idle(static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
}

void AddonData::shut_down() {
  bool last = false;
  {
    const std::lock_guard lock(environments().mutex);
    std::vector<AddonData*>& live = environments().live;
    live.erase(std::remove(live.begin(), live.end(), this), live.end());
    last = live.empty();
  }
  channel_->close();
  stop_work();
  if (last) engine::JobPool::instance().wait_idle(kLongestGoodbyeMs);
}

void AddonData::stop_work() {
  for (const auto& token : tokens_) {
    if (const auto flag = token.lock()) flag->store(true);
  }
  for (const Stoppable& each : stoppables_) each.stop();
}

}  // namespace unreel::binding
