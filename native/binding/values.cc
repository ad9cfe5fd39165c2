#include "binding/values.h"

#include <array>
#include <cstdlib>
#include <utility>

#include "base/check.h"
#include "binding/addon_data.h"
#include "binding/spool.h"
#include "media/file_source.h"
#include "media/memory_source.h"

namespace unreel::binding {
namespace {

constexpr napi_type_tag kTokenTag = {0x6e72656c00000001ULL, 0x746f6b656e000001ULL};

void release_token(Napi::BasicEnv, CancelToken* token) { delete token; }

media::SamplePolicy::Choice choice_argument(const Napi::Object& object) {
  const std::string kind = string_argument(object.Get("kind"));
  if (kind == "count") return media::SampleCount{object.Get("count").As<Napi::Number>().Int64Value()};
  if (kind == "fps") return media::SampleFps{double_argument(object.Get("fps"))};
  if (kind == "keyframes") return media::SampleKeyframes{};
  if (kind == "frames") {
    const auto array = object.Get("frames").As<Napi::Array>();
    media::SampleFrames wanted;
    for (std::uint32_t i = 0; i < array.Length(); ++i)
      wanted.frames.push_back(array.Get(i).As<Napi::Number>().Int64Value());
    return wanted;
  }
  UNREEL_CHECK(kind == "all");
  return media::SampleAll{};
}

}  // namespace

Napi::Value adopt_bytes(Napi::Env env, ByteBuffer bytes) {
  const std::size_t size = bytes.size();
  const auto free_bytes = [](napi_env, void* data, void*) { std::free(data); };
  napi_value buffer = nullptr;
  if (size == 0 || napi_create_external_arraybuffer(env, bytes.data(), size, free_bytes, nullptr, &buffer) != napi_ok) {
    return typed_array(env, bytes.data(), size);
  }
  bytes.release();
  return Napi::Uint8Array::New(env, size, Napi::ArrayBuffer(env, buffer), 0);
}

Napi::Object make_token(Napi::Env env) {
  const CancelToken token;
  AddonData::of(env).watch(token);
  Napi::Object object = Napi::Object::New(env);
  auto handle = Napi::External<CancelToken>::New(env, new CancelToken(token), release_token);
  handle.TypeTag(&kTokenTag);
  object.Set("handle", handle);
  add_method(env, object, "cancel", [token](const Napi::CallbackInfo& info) {
    token.cancel();
    return info.Env().Undefined();
  });
  return object;
}

CancelToken token_argument(const Napi::Value& value) {
  const Napi::Value handle = value.As<Napi::Object>().Get("handle");
  UNREEL_CHECK(handle.IsExternal());
  const auto external = handle.As<Napi::External<CancelToken>>();
  UNREEL_CHECK(external.CheckTypeTag(&kTokenTag));
  return *external.Data();
}

media::OpenSource source_argument(const Napi::Value& value) {
  if (value.IsTypedArray()) {
    const auto source = media::make_memory_source("the buffer", copy_of<std::uint8_t>(value));
    return [source] { return source; };
  }
  if (is_spool(value)) return take_spool(value);
  return [path = string_argument(value)] { return media::open_file_source(path); };
}

media::Limits limits_argument(const Napi::Value& value) {
  const auto object = value.As<Napi::Object>();
  const auto field = [&](const char* name) { return object.Get(name).As<Napi::Number>().Int64Value(); };
  media::Limits limits;
  limits.max_pixels = field("maxPixels");
  limits.max_frames = field("maxFrames");
  limits.max_duration_us = field("maxDurationUs");
  limits.max_bytes = field("maxBytes");
  limits.max_spool_bytes = field("maxSpoolBytes");
  limits.max_streams = field("maxStreams");
  limits.max_index_entries = field("maxIndexEntries");
  limits.max_memory_bytes = field("maxMemoryBytes");
  limits.open_timeout_ms = field("openTimeoutMs");
  limits.frame_timeout_ms = field("frameTimeoutMs");
  limits.idle_timeout_ms = field("idleTimeoutMs");
  return limits;
}

media::SamplePolicy policy_argument(const Napi::Value& value) {
  const auto object = value.As<Napi::Object>();
  const auto number = [&](const char* name, std::int64_t otherwise) {
    const Napi::Value field = object.Get(name);
    return field.IsNumber() ? field.As<Napi::Number>().Int64Value() : otherwise;
  };
  const media::TimeRange everything;
  return {choice_argument(object), {number("startUs", everything.start_us), number("endUs", everything.end_us)}};
}

Napi::Object info_to_js(Napi::Env env, const media::VideoInfo& info) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("width", info.width);
  object.Set("height", info.height);
  object.Set("rotation", info.rotation);
  object.Set("durationUs",
             info.duration_us ? Napi::Number::New(env, static_cast<double>(*info.duration_us)) : env.Null());
  object.Set("startUs", static_cast<double>(info.start_us));
  object.Set("frameCount", static_cast<double>(info.frame_count));
  object.Set("codec", info.codec);
  object.Set("pixelFormat", info.pixel_format);
  object.Set("colorSpace", info.color_space);
  object.Set("colorRange", info.color_range);
  object.Set("container", info.container);
  object.Set("sampleAspectRatio", info.sample_aspect_ratio);
  object.Set("stream", info.stream);
  return object;
}

Napi::Object stats_to_js(Napi::Env env, const media::VideoStats& stats) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("packets", static_cast<double>(stats.packets));
  object.Set("packetsRead", static_cast<double>(stats.packets_read));
  object.Set("packetsDecoded", static_cast<double>(stats.packets_decoded));
  object.Set("framesDamaged", static_cast<double>(stats.frames_damaged));
  object.Set("framesMissing", static_cast<double>(stats.frames_missing));
  // In the order of FallbackReason.
  constexpr std::array kReasons{"packetsChanged", "frameMissing", "frameDamaged"};
  static_assert(kReasons.size() == static_cast<std::size_t>(media::FallbackReason::kCount));
  Napi::Object fallbacks = Napi::Object::New(env);
  for (std::size_t i = 0; i < kReasons.size(); ++i) fallbacks.Set(kReasons[i], static_cast<double>(stats.fallbacks[i]));
  object.Set("fallbacks", fallbacks);
  return object;
}

}  // namespace unreel::binding
