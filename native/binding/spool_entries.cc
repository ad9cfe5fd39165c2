// Inputs whose bytes JavaScript brings: streams and URLs.
#include <utility>

#include "base/check.h"
#include "binding/entries.h"
#include "binding/js_promise.h"
#include "binding/spool.h"
#include "binding/values.h"
#include "media/spooled_source.h"

namespace unreel::binding {
namespace {

constexpr napi_type_tag kSpoolTag = {0x6e72656c00000002ULL, 0x73706f6f6c000001ULL};

/// What JavaScript's spool holds. The readers' end is given away to the one video that reads it, so that the source is
/// done when that video is gone, whatever JavaScript still holds.
struct SpoolHandle {
  std::shared_ptr<media::SpooledSource> source;
  std::shared_ptr<media::ByteSource> readers;
};

void release_spool(Napi::BasicEnv, SpoolHandle* handle) { delete handle; }

Error error_argument(const Napi::CallbackInfo& info) {
  Error error(error_code_of(string_argument(info[0])), string_argument(info[1]));
  const auto details = info[2].As<Napi::Object>();
  const Napi::Array names = details.GetPropertyNames();
  for (std::uint32_t i = 0; i < names.Length(); ++i) {
    const std::string name = string_argument(names.Get(i));
    const Napi::Value value = details.Get(name);
    if (value.IsNumber()) error.with(name, double_argument(value));
    if (value.IsString()) error.with(name, string_argument(value));
  }
  return error;
}

/// Writing may wait for a disk, so it is done by threads that do nothing else: job threads may all be waiting for the
/// very bytes that are to be written.
Napi::Value put(const Napi::CallbackInfo& info, const std::shared_ptr<media::SpooledSource>& source) {
  const JsPromise promise(info.Env());
  engine::JobPool::writers().submit(
      [promise, source, offset = info[0].As<Napi::Number>().Int64Value(), bytes = copy_of<std::uint8_t>(info[1])] {
        try {
          source->put(offset, bytes->data(), bytes->size());
          promise.resolve([](Napi::Env env) { return env.Undefined(); });
        } catch (...) {
          promise.reject(std::current_exception());
        }
      });
  return promise.promise();
}

Napi::Value wanted(const Napi::CallbackInfo& info, const std::shared_ptr<media::SpooledSource>& source) {
  // An idle producer must not keep the process: who waits for a video does.
  const JsPromise promise = JsPromise::in_background(info.Env());
  source->next_wanted([promise](std::optional<std::int64_t> offset) {
    promise.resolve([offset](Napi::Env env) -> Napi::Value {
      if (!offset) return env.Null();
      return Napi::Number::New(env, static_cast<double>(*offset));
    });
  });
  return promise.promise();
}

Napi::Value done(const Napi::CallbackInfo& info, const std::shared_ptr<media::SpooledSource>& source) {
  const JsPromise promise = JsPromise::in_background(info.Env());
  source->when_done([promise] { promise.resolve([](Napi::Env env) { return env.Undefined(); }); });
  return promise.promise();
}

Napi::Value create_spool(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto source = std::make_shared<media::SpooledSource>(string_argument(info[0]), limits_argument(info[1]));
  AddonData::of(env).stop_at_exit(source, &media::SpooledSource::close);
  Napi::Object object = Napi::Object::New(env);
  auto handle =
      Napi::External<SpoolHandle>::New(env, new SpoolHandle{source, media::readers_end(source)}, release_spool);
  handle.TypeTag(&kSpoolTag);
  object.Set("handle", handle);
  add_method(env, object, "put", [source](const Napi::CallbackInfo& call) { return put(call, source); });
  add_method(env, object, "wanted", [source](const Napi::CallbackInfo& call) { return wanted(call, source); });
  add_method(env, object, "done", [source](const Napi::CallbackInfo& call) { return done(call, source); });
  add_method(env, object, "setSize", [source](const Napi::CallbackInfo& call) {
    source->set_size(call[0].As<Napi::Number>().Int64Value());
    return call.Env().Undefined();
  });
  add_method(env, object, "fail", [source](const Napi::CallbackInfo& call) {
    source->fail(std::make_exception_ptr(error_argument(call)));
    return call.Env().Undefined();
  });
  add_method(env, object, "close", [source](const Napi::CallbackInfo& call) {
    source->close();
    return call.Env().Undefined();
  });
  return object;
}

}  // namespace

bool is_spool(const Napi::Value& value) {
  if (!value.IsObject()) return false;
  const Napi::Value handle = value.As<Napi::Object>().Get("handle");
  return handle.IsExternal() && handle.As<Napi::External<SpoolHandle>>().CheckTypeTag(&kSpoolTag);
}

media::OpenSource take_spool(const Napi::Value& value) {
  SpoolHandle& handle = *value.As<Napi::Object>().Get("handle").As<Napi::External<SpoolHandle>>().Data();
  UNREEL_CHECK(handle.readers);
  return [readers = std::move(handle.readers)] { return readers; };
}

void export_spool(Napi::Env env, Napi::Object exports) { add_method(env, exports, "createSpool", create_spool); }

}  // namespace unreel::binding
