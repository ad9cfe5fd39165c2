// The way back to JavaScript: closures from any thread, run on the JS thread in batches by one thread-safe function.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>

#include "binding/napi_setup.h"

namespace unreel::binding {

/**
 * One per environment. Three rules, each a known way to crash or hang Node:
 * 1. A thread-safe function is created referenced, and then the process never exits: it is unref'd at once and ref'd
 * only while a promise is pending.
 * 2. Node destroys thread-safe functions during teardown, before finalizers run: close() is called from the
 * environment's cleanup hook, and nothing touches the function afterwards.
 * 3. A call may arrive with env == nullptr during teardown: the closures are then dropped.
 */
class JsChannel : public std::enable_shared_from_this<JsChannel> {
 public:
  using Closure = std::function<void(Napi::Env)>;

  /// JS thread.
  static std::shared_ptr<JsChannel> create(Napi::Env env);

  /// Any thread. The closure runs on the JS thread, in order; dropped once the channel is closed. It throws
  /// only where JavaScript no longer runs, and then it is the last.
  void post(Closure closure);

  /// JS thread: one more, or one less, promise is pending. The event loop lives while any is.
  void hold();
  void release();

  /// JS thread, from the cleanup hook. Idempotent.
  void close();

  /// While the process exits: drops everything, now and later, without a call into Node, which may be gone.
  void abandon();

 private:
  JsChannel() = default;
  static void on_call(napi_env env, napi_value callback, void* context, void* data);
  void drain(Napi::Env env);
  void wake();

  Napi::Env env_ = nullptr;
  int pending_ = 0;

  std::mutex mutex_;
  std::deque<Closure> closures_;
  napi_threadsafe_function function_ = nullptr;
  bool open_ = true;
  bool woken_ = false;
};

}  // namespace unreel::binding
