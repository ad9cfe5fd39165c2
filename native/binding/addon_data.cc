#include "binding/addon_data.h"

#include <dlfcn.h>

#include <algorithm>
#include <mutex>

#include "engine/job_pool.h"

namespace unreel::binding {
namespace {

std::atomic<int> live_environments{0};

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
  ++live_environments;
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

void AddonData::shut_down() {
  channel_->close();
  for (const auto& token : tokens_) {
    if (const auto flag = token.lock()) flag->store(true);
  }
  for (const Stoppable& each : stoppables_) each.stop();
  // The process may end right after the last environment: jobs get a moment to see that they were cancelled.
  if (--live_environments == 0) engine::JobPool::instance().wait_idle(1000);
}

}  // namespace unreel::binding
