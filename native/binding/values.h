// Readers and makers of JavaScript values that the entry points share. JS thread. TypeScript has checked the arguments
// before; what is wrong here is a fault of ours and says so.
#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "base/byte_buffer.h"
#include "base/cancel_token.h"
#include "binding/error_to_js.h"
#include "binding/napi_setup.h"
#include "media/video.h"

namespace unreel::binding {

/// A copy of a typed array's elements: jobs outlive the call, and the caller may change its array.
template <class T>
std::shared_ptr<std::vector<T>> copy_of(const Napi::Value& value) {
  const auto array = value.As<Napi::TypedArrayOf<T>>();
  return std::make_shared<std::vector<T>>(array.Data(), array.Data() + array.ElementLength());
}

/// A new typed array with a copy of the elements.
template <class T>
Napi::Value typed_array(Napi::Env env, const T* data, std::size_t count) {
  auto array = Napi::TypedArrayOf<T>::New(env, count);
  if (count > 0) std::memcpy(array.Data(), data, count * sizeof(T));
  return array;
}

/// A Uint8Array that owns the bytes. They are not copied, but where the environment forbids foreign memory (Electron).
Napi::Value adopt_bytes(Napi::Env env, ByteBuffer bytes);

inline std::size_t size_argument(const Napi::Value& value) {
  return static_cast<std::size_t>(value.As<Napi::Number>().Int64Value());
}
inline int int_argument(const Napi::Value& value) { return value.As<Napi::Number>().Int32Value(); }
inline double double_argument(const Napi::Value& value) { return value.As<Napi::Number>().DoubleValue(); }
inline std::string string_argument(const Napi::Value& value) { return value.As<Napi::String>().Utf8Value(); }

/// A cancel token as JavaScript holds it.
Napi::Object make_token(Napi::Env env);
CancelToken token_argument(const Napi::Value& value);

/// A path, a Uint8Array whose bytes are copied, or a spool, which is taken.
media::OpenSource source_argument(const Napi::Value& value);
media::Limits limits_argument(const Napi::Value& value);
/// {kind, ..., startUs?, endUs?}
media::SamplePolicy policy_argument(const Napi::Value& value);

Napi::Object info_to_js(Napi::Env env, const media::VideoInfo& info);
Napi::Object stats_to_js(Napi::Env env, const media::VideoStats& stats);

/// Adds a method to a handle object; the closure owns what it captures and is freed with the object.
template <class Body>
void add_method(Napi::Env env, Napi::Object object, const char* name, Body body) {
  object.Set(name, Napi::Function::New(
                       env,
                       [body = std::move(body)](const Napi::CallbackInfo& info) mutable -> Napi::Value {
                         return guarded(info.Env(), [&] { return body(info); });
                       },
                       name));
}

}  // namespace unreel::binding
