#include "binding/js_channel.h"

#include <chrono>
#include <utility>

namespace unreel::binding {
namespace {

// One tick takes at most this much, so that timers and I/O of the user's program get their turn.
constexpr std::size_t kClosuresPerTick = 256;
constexpr auto kTickBudget = std::chrono::milliseconds(2);

}  // namespace

std::shared_ptr<JsChannel> JsChannel::create(Napi::Env env) {
  std::shared_ptr<JsChannel> channel(new JsChannel());
  channel->env_ = env;
  // The function owns a reference to the channel until Node finalizes it.
  auto* owner = new std::shared_ptr<JsChannel>(channel);
  const auto finalize = [](napi_env, void* data, void*) { delete static_cast<std::shared_ptr<JsChannel>*>(data); };
  const napi_status status =
      napi_create_threadsafe_function(env, nullptr, nullptr, Napi::String::New(env, "unreel"), 0, 1, owner, finalize,
                                      channel.get(), &JsChannel::on_call, &channel->function_);
  if (status != napi_ok) {
    delete owner;
    throw Napi::Error::New(env, "unreel: no thread-safe function can be made");
  }
  napi_unref_threadsafe_function(env, channel->function_);
  return channel;
}

void JsChannel::post(Closure closure) {
  std::lock_guard lock(mutex_);
  if (!open_) return;
  closures_.push_back(std::move(closure));
  wake();
}

void JsChannel::wake() {
  if (woken_ || !open_) return;
  woken_ = napi_call_threadsafe_function(function_, nullptr, napi_tsfn_nonblocking) == napi_ok;
}

void JsChannel::on_call(napi_env env, napi_value, void* context, void*) {
  if (env == nullptr) return;
  const std::shared_ptr<JsChannel> self = static_cast<JsChannel*>(context)->shared_from_this();
  self->drain(env);
}

void JsChannel::drain(Napi::Env env) {
  const auto deadline = std::chrono::steady_clock::now() + kTickBudget;
  for (std::size_t i = 0; i < kClosuresPerTick; ++i) {
    Closure closure;
    {
      std::lock_guard lock(mutex_);
      woken_ = false;
      if (closures_.empty()) return;
      closure = std::move(closures_.front());
      closures_.pop_front();
    }
    const Napi::HandleScope scope(env);
    try {
      closure(env);
    } catch (const Napi::Error&) {
      return;  // JavaScript does not run here any more: a worker that is being terminated
    }
    if (std::chrono::steady_clock::now() > deadline) break;
  }
  std::lock_guard lock(mutex_);
  if (!closures_.empty()) wake();
}

void JsChannel::hold() {
  if (pending_++ == 0 && open_) napi_ref_threadsafe_function(env_, function_);
}

void JsChannel::release() {
  if (--pending_ == 0 && open_) napi_unref_threadsafe_function(env_, function_);
}

void JsChannel::abandon() {
  const std::lock_guard lock(mutex_);
  open_ = false;
}

void JsChannel::close() {
  std::deque<Closure> dropped;
  std::lock_guard lock(mutex_);
  if (!open_) return;
  open_ = false;
  dropped.swap(closures_);
  napi_release_threadsafe_function(function_, napi_tsfn_abort);
}

}  // namespace unreel::binding
