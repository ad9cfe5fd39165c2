// The contrastive loss, the projection head and its trainer.
#include <cmath>
#include <utility>

#include "base/check.h"
#include "base/thread.h"
#include "binding/entries.h"
#include "binding/js_promise.h"
#include "binding/values.h"
#include "contrast/head.h"
#include "contrast/supcon.h"
#include "contrast/trainer.h"

namespace unreel::binding {
namespace {

Napi::Value supcon(const Napi::CallbackInfo& info) {
  const auto embeddings = copy_of<float>(info[0]);
  const auto labels = copy_of<std::int32_t>(info[1]);
  const contrast::LossShape shape{size_argument(info[2]), size_argument(info[3])};
  const double temperature = double_argument(info[4]);
  UNREEL_CHECK(embeddings->size() == shape.rows * shape.dims && labels->size() == shape.rows);
  return run_job(info.Env(), [=]() -> MakeValue {
    const auto gradient = std::make_shared<std::vector<float>>(embeddings->size());
    const double loss =
        contrast::supcon(embeddings->data(), labels->data(), shape, temperature, available_cores(), {gradient->data()});
    return [loss, gradient](Napi::Env env) {
      Napi::Object object = Napi::Object::New(env);
      object.Set("loss", loss);
      object.Set("gradient", typed_array(env, gradient->data(), gradient->size()));
      return object;
    };
  });
}

}  // namespace

void export_training(Napi::Env env, Napi::Object exports) {
  add_method(env, exports, "supcon", supcon);
}

}  // namespace unreel::binding
