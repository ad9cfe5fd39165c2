// The addon's entry: per-environment state, versions, and the groups of functions.
#include "base/cpu_features.h"
#include "base/simd_target.h"
#include "binding/addon_data.h"
#include "binding/entries.h"
#include "binding/values.h"
#include "media/video.h"
#include "svm/model.h"

namespace unreel::binding {
namespace {

Napi::Array string_array(Napi::Env env, const std::vector<std::string>& strings) {
  Napi::Array array = Napi::Array::New(env, strings.size());
  for (std::size_t i = 0; i < strings.size(); ++i) array.Set(static_cast<std::uint32_t>(i), strings[i]);
  return array;
}

Napi::Value versions(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const CpuFeatures& features = cpu_features();
  Napi::Object cpu = Napi::Object::New(env);
  cpu.Set("model", features.model);
  cpu.Set("cores", features.cores);
  cpu.Set("vectors", string_array(env, features.vectors));
  cpu.Set("target", simd_target());
  cpu.Set("targets", string_array(env, simd_targets()));
  Napi::Object object = Napi::Object::New(env);
  object.Set("unreel", UNREEL_VERSION);
  object.Set("libav", media::libav_version());
  object.Set("libavLicence", media::libav_licence());
  object.Set("libsvm", svm::libsvm_version());
  object.Set("nodeApi", NAPI_VERSION);
  object.Set("cpu", cpu);
  return object;
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new AddonData(env));
  add_method(env, exports, "versions", versions);
  add_method(env, exports, "createToken", [](const Napi::CallbackInfo& info) { return make_token(info.Env()); });
  export_media(env, exports);
  export_encoder(env, exports);
  export_spool(env, exports);
  export_training(env, exports);
  export_svm(env, exports);
  return exports;
}

}  // namespace
}  // namespace unreel::binding

static Napi::Object initialize_addon(Napi::Env env, Napi::Object exports) {
  return unreel::binding::initialize(env, exports);
}

NODE_API_MODULE(unreel, initialize_addon)
