// The contrastive loss, the projection head and its trainer.
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/thread.h"
#include "binding/entries.h"
#include "binding/head_values.h"
#include "binding/js_listener.h"
#include "binding/js_promise.h"
#include "binding/loss_values.h"
#include "binding/training_input.h"
#include "binding/values.h"
#include "contrast/head.h"
#include "contrast/loss.h"
#include "contrast/standardized_training.h"

namespace unreel::binding {
namespace {

/// A loss with what it moves with.
struct LossResult {
  double loss = 0;
  double temperature = 0;
  std::vector<float> embeddings;
  std::vector<float> classifier;  ///< empty without a term
};

Napi::Value loss_to_js(Napi::Env env, const LossResult& result, contrast::LossKind kind) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("loss", result.loss);
  object.Set("gradient", typed_array(env, result.embeddings.data(), result.embeddings.size()));
  if (kind == contrast::LossKind::supcon) object.Set("temperatureGradient", result.temperature);
  if (!result.classifier.empty()) {
    object.Set("classifierGradient", typed_array(env, result.classifier.data(), result.classifier.size()));
  }
  return object;
}

Napi::Value contrastive_loss(const Napi::CallbackInfo& info) {
  const auto embeddings = copy_of<float>(info[0]);
  const auto labels = copy_of<std::int32_t>(info[1]);
  const contrast::LossShape shape{size_argument(info[2]), size_argument(info[3])};
  const contrast::LossOptions options = loss_options(info[4].As<Napi::Object>());
  const auto classifier = copy_of<float>(info[5]);
  UNREEL_CHECK(embeddings->size() == shape.rows * shape.dims && labels->size() == shape.rows);
  UNREEL_CHECK(classifier->size() == (options.term == contrast::LossTerm::none ? 0 : shape.dims + 1));
  return run_job(info.Env(), [=]() -> MakeValue {
    const auto result = std::make_shared<LossResult>();
    result->embeddings.resize(embeddings->size());
    result->classifier.resize(classifier->size());
    const bool has_term = !classifier->empty();
    contrast::LossWorkspace workspace;
    result->loss = contrast::contrastive_loss(
        {embeddings->data(), labels->data(), shape, has_term ? classifier->data() : nullptr}, options,
        available_cores(),
        {result->embeddings.data(), &result->temperature, has_term ? result->classifier.data() : nullptr}, workspace);
    return [result, kind = options.kind](Napi::Env env) { return loss_to_js(env, *result, kind); };
  });
}

/// trainHead(source, rows: {labels, validation, videos, groups}, blocks, options, onEpoch, token, stop, from?)
Napi::Value train_head(const Napi::CallbackInfo& info) {
  const TrainingInput input(info[0].As<Napi::Object>(), info[1].As<Napi::Object>());
  const auto sizes = copy_of<std::uint32_t>(info[2]);
  const std::vector<std::size_t> blocks(sizes->begin(), sizes->end());
  const contrast::TrainerOptions options = trainer_options(info[3].As<Napi::Object>());
  const int threads = int_argument(info[3].As<Napi::Object>().Get("threads"));
  const bool keeps_states = info[3].As<Napi::Object>().Get("keepStates").As<Napi::Boolean>();
  const auto listener = std::make_shared<JsListener>(info.Env(), info[4].As<Napi::Function>());
  const CancelToken cancel = token_argument(info[5]);
  const CancelToken stop = token_argument(info[6]);
  const auto from = info[7].IsUndefined()
                        ? nullptr
                        : std::make_shared<contrast::TrainerState>(trainer_state(info[7].As<Napi::Object>()));
  return run_job(info.Env(), [=]() -> MakeValue {
    const ListenerOfJob of_job(*listener);
    contrast::TrainingHooks hooks;
    hooks.cancel = cancel;
    hooks.stop = stop;
    hooks.on_epoch = [&](const contrast::TrainerState& state) {
      const auto copy = keeps_states ? std::make_shared<contrast::TrainerState>(state) : nullptr;
      listener->call([copy, report = state.history.back()](Napi::Env env) {
        Napi::Object epoch = Napi::Object::New(env);
        epoch.Set("report", epoch_to_js(env, report));
        if (copy) epoch.Set("state", trainer_state_to_js(env, *copy));
        return epoch;
      });
    };
    const auto device = contrast::cpu_device(threads);
    const auto trained = std::make_shared<contrast::StandardizedTraining>(
        contrast::train_standardized(*device, input.view(), blocks, threads, options, hooks, from.get()));
    return [trained](Napi::Env env) { return trained_to_js(env, *trained); };
  });
}

Napi::Value create_head(const Napi::CallbackInfo& info) {
  const auto head = std::make_shared<contrast::Head>(head_argument(info[0]));
  Napi::Object handle = Napi::Object::New(info.Env());
  add_method(info.Env(), handle, "project", [head](const Napi::CallbackInfo& call) {
    const auto x = copy_of<float>(call[0]);
    const std::size_t rows = size_argument(call[1]);
    UNREEL_CHECK(x->size() == rows * head->in());
    return run_job(call.Env(), [head, x, rows]() -> MakeValue {
      const auto z = std::make_shared<std::vector<float>>(rows * head->out());
      contrast::project(*head, x->data(), rows, available_cores(), z->data());
      return [z](Napi::Env env) { return typed_array(env, z->data(), z->size()); };
    });
  });
  return handle;
}

}  // namespace

void export_training(Napi::Env env, Napi::Object exports) {
  add_method(env, exports, "contrastiveLoss", contrastive_loss);
  add_method(env, exports, "trainHead", train_head);
  add_method(env, exports, "createHead", create_head);
}

}  // namespace unreel::binding
