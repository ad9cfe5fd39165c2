// A promise that any thread may settle.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <utility>

#include "binding/addon_data.h"
#include "binding/error_to_js.h"
#include "engine/job_pool.h"

namespace unreel::binding {

/// Builds the JavaScript value on the JS thread. Copyable, so large results are captured by shared_ptr.
using MakeValue = std::function<Napi::Value(Napi::Env)>;

/// Made on the JS thread; resolve() or reject() is called once, from any thread. Copies settle the same promise.
class JsPromise {
 public:
  explicit JsPromise(Napi::Env env) : JsPromise(env, Hold::event_loop) {}

  /// One that does not keep the event loop alive while it is pending.
  static JsPromise in_background(Napi::Env env) { return JsPromise(env, Hold::nothing); }

  Napi::Promise promise() const { return deferred_.Promise(); }

  void resolve(MakeValue make) const {
    settle([make = std::move(make)](Napi::Env env, const Napi::Promise::Deferred& deferred) {
      deferred.Resolve(make(env));
    });
  }
  void reject(std::exception_ptr error) const {
    settle([error = std::move(error)](Napi::Env env, const Napi::Promise::Deferred& deferred) {
      deferred.Reject(error_to_js(env, error).Value());
    });
  }

 private:
  enum class Hold { event_loop, nothing };

  JsPromise(Napi::Env env, Hold hold)
      : channel_(AddonData::of(env).channel()), deferred_(Napi::Promise::Deferred::New(env)), hold_(hold) {
    if (hold_ == Hold::event_loop) channel_->hold();
  }

  template <class Act>
  void settle(Act act) const {
    channel_->post([channel = channel_, deferred = deferred_, hold = hold_, act = std::move(act)](Napi::Env env) {
      if (hold == Hold::event_loop) channel->release();
      try {
        act(env, deferred);
      } catch (const Napi::Error& error) {
        deferred.Reject(error.Value());
      } catch (...) {
        deferred.Reject(error_to_js(env, std::current_exception()).Value());
      }
    });
  }

  std::shared_ptr<JsChannel> channel_;
  Napi::Promise::Deferred deferred_;
  Hold hold_;
};

/// Runs `work` on the engine's job threads; it returns a MakeValue, or throws. JS thread.
template <class Work>
Napi::Promise run_job(Napi::Env env, Work work) {
  const JsPromise promise(env);
  engine::JobPool::instance().submit([promise, work = std::move(work)]() mutable {
    try {
      promise.resolve(work());
    } catch (...) {
      promise.reject(std::current_exception());
    }
  });
  return promise.promise();
}

}  // namespace unreel::binding
