// What belongs to one JavaScript environment: its channel, and what must stop when it ends.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "base/cancel_token.h"
#include "binding/js_channel.h"

namespace unreel::binding {

/// JS thread only, but for channel().post().
class AddonData {
 public:
  explicit AddonData(Napi::Env env);
  static AddonData& of(Napi::Env env) { return *env.GetInstanceData<AddonData>(); }

  const std::shared_ptr<JsChannel>& channel() const { return channel_; }

  /// Cancelled when the environment ends.
  void watch(const CancelToken& token);

  /// `(object->*stop)()` is called when the environment or the process ends, if the object still lives.
  template <class T>
  void stop_at_exit(const std::shared_ptr<T>& object, void (T::*stop)()) {
    forget_dead();
    stoppables_.push_back({object, [weak = std::weak_ptr<T>(object), stop] {
                             if (const auto live = weak.lock()) (live.get()->*stop)();
                           }});
  }

  /// process.exit() runs no cleanup hook of Node-API: registers a handler that stops all work before the destructors of
  /// libraries that were loaded, and of statics that were made, until now.
  static void stop_before_exit();

 private:
  struct Stoppable {
    std::weak_ptr<void> object;
    std::function<void()> stop;
  };

  static void at_process_exit();
  void shut_down();
  void stop_work();
  void forget_dead();

  std::shared_ptr<JsChannel> channel_;
  std::vector<std::weak_ptr<std::atomic<bool>>> tokens_;
  std::vector<Stoppable> stoppables_;
};

}  // namespace unreel::binding
