// A JavaScript callback that another thread may call.
#pragma once

#include <memory>
#include <utility>

#include "binding/addon_data.h"
#include "binding/js_promise.h"

namespace unreel::binding {

/// The reference is made and dropped on the JS thread alone.
class JsListener {
 public:
  JsListener(Napi::Env env, const Napi::Function& function)
      : channel_(AddonData::of(env).channel()),
        reference_(std::make_shared<Napi::FunctionReference>(Napi::Persistent(function))) {}

  /// Calls it with the value; an exception that it throws is dropped: progress cannot fail a training.
  void call(MakeValue make) const {
    channel_->post([reference = reference_, make = std::move(make)](Napi::Env env) {
      try {
        reference->Call({make(env)});
      } catch (const Napi::Error&) {
        return;
      }
    });
  }

  /// Hands the last reference back to the JS thread, after all calls.
  void retire() {
    // When the environment is gone its references went with it; then this one is leaked on purpose.
    reference_->SuppressDestruct();
    channel_->post([reference = std::move(reference_)](Napi::Env) { reference->Reset(); });
  }

 private:
  std::shared_ptr<JsChannel> channel_;
  std::shared_ptr<Napi::FunctionReference> reference_;
};

/// Retires a listener when the job that calls it ends.
class ListenerOfJob {
 public:
  explicit ListenerOfJob(JsListener& listener) : listener_(listener) {}
  ~ListenerOfJob() { listener_.retire(); }
  ListenerOfJob(const ListenerOfJob&) = delete;
  ListenerOfJob& operator=(const ListenerOfJob&) = delete;

 private:
  JsListener& listener_;
};

}  // namespace unreel::binding
