// The contrastive loss, the projection head and its trainer.
#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.h"
#include "base/thread.h"
#include "binding/entries.h"
#include "binding/js_promise.h"
#include "binding/values.h"
#include "contrast/linear_head.h"
#include "contrast/loss.h"
#include "contrast/trainer.h"

namespace unreel::binding {
namespace {

/// The value that stands beside `name`, which TypeScript has checked.
template <class T, std::size_t Count>
T named(const std::pair<const char*, T> (&all)[Count], const std::string& name) {
  const auto* const found = std::find_if(all, all + Count, [&](const auto& each) { return each.first == name; });
  UNREEL_CHECK(found != all + Count);
  return found->second;
}

constexpr std::pair<const char*, contrast::LossKind> kLosses[] = {
    {"supcon", contrast::LossKind::supcon},
    {"align-uniform", contrast::LossKind::align_uniform},
    {"triplet", contrast::LossKind::triplet},
    {"margin", contrast::LossKind::margin},
    {"single-centre", contrast::LossKind::single_centre},
};
constexpr std::pair<const char*, contrast::TripletMining> kMinings[] = {{"hard", contrast::TripletMining::hard},
                                                                        {"all", contrast::TripletMining::all}};
constexpr std::pair<const char*, contrast::LossTerm> kTerms[] = {{"none", contrast::LossTerm::none},
                                                                 {"cross-entropy", contrast::LossTerm::cross_entropy},
                                                                 {"hinge", contrast::LossTerm::hinge}};

contrast::LossOptions loss_options(const Napi::Object& object) {
  contrast::LossOptions options;
  options.kind = named(kLosses, string_argument(object.Get("loss")));
  options.temperature = double_argument(object.Get("temperature"));
  options.base_temperature = double_argument(object.Get("baseTemperature"));
  options.align_alpha = double_argument(object.Get("alignAlpha"));
  options.align_weight = double_argument(object.Get("alignWeight"));
  options.uniform_weight = double_argument(object.Get("uniformWeight"));
  options.uniform_t = double_argument(object.Get("uniformT"));
  options.margin = double_argument(object.Get("margin"));
  options.mining = named(kMinings, string_argument(object.Get("mining")));
  options.term = named(kTerms, string_argument(object.Get("term")));
  options.term_weight = double_argument(object.Get("termWeight"));
  return options;
}

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
    result->loss = contrast::contrastive_loss(
        {embeddings->data(), labels->data(), shape, has_term ? classifier->data() : nullptr}, options,
        available_cores(),
        {result->embeddings.data(), &result->temperature, has_term ? result->classifier.data() : nullptr});
    return [result, kind = options.kind](Napi::Env env) { return loss_to_js(env, *result, kind); };
  });
}

contrast::TrainerOptions trainer_options(const Napi::Object& object) {
  contrast::TrainerOptions options;
  options.dimension = size_argument(object.Get("dimension"));
  options.temperature = double_argument(object.Get("temperature"));
  options.epochs = int_argument(object.Get("epochs"));
  options.batch = size_argument(object.Get("batch"));
  options.learning_rate = double_argument(object.Get("learningRate"));
  options.weight_decay = double_argument(object.Get("weightDecay"));
  options.seed = static_cast<std::uint64_t>(object.Get("seed").As<Napi::Number>().Int64Value());
  options.threads = int_argument(object.Get("threads"));
  return options;
}

Napi::Value epoch_to_js(Napi::Env env, const contrast::EpochReport& report) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("epoch", report.epoch);
  object.Set("loss", report.loss);
  object.Set("validationLoss", report.validation_loss);
  object.Set("meanCosine", report.mean_cosine);
  return object;
}

Napi::Object head_to_js(Napi::Env env, const contrast::LinearHead& head) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("inputDimension", static_cast<double>(head.in));
  object.Set("dimension", static_cast<double>(head.out));
  object.Set("weight", typed_array(env, head.weight.data(), head.weight.size()));
  object.Set("bias", typed_array(env, head.bias.data(), head.bias.size()));
  return object;
}

/// A JavaScript callback that another thread may call. The reference is made and dropped on the JS thread alone.
class Listener {
 public:
  Listener(Napi::Env env, const Napi::Function& function)
      : channel_(AddonData::of(env).channel()),
        reference_(std::make_shared<Napi::FunctionReference>(Napi::Persistent(function))) {}

  /// Calls it with an epoch's report; an exception that it throws is dropped: progress cannot fail a training.
  void call(const contrast::EpochReport& report) const {
    channel_->post([reference = reference_, report](Napi::Env env) {
      try {
        reference->Call({epoch_to_js(env, report)});
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

Napi::Value train_head(const Napi::CallbackInfo& info) {
  const auto x = copy_of<float>(info[0]);
  const auto labels = copy_of<std::int32_t>(info[1]);
  const auto validation = copy_of<std::uint8_t>(info[2]);
  const std::size_t dims = size_argument(info[3]);
  const contrast::TrainerOptions options = trainer_options(info[4].As<Napi::Object>());
  UNREEL_CHECK(x->size() == labels->size() * dims && validation->size() == labels->size());
  const auto listener = std::make_shared<Listener>(info.Env(), info[5].As<Napi::Function>());
  return run_job(info.Env(), [=, cancel = token_argument(info[6])]() -> MakeValue {
    const contrast::TrainingRows rows{x->data(), labels->data(), validation->data(), labels->size(), dims};
    struct Retire {
      Listener& listener;
      ~Retire() { listener.retire(); }
    } const retire{*listener};
    const auto trained = std::make_shared<contrast::TrainedHead>(contrast::train_head(
        rows, options, [&](const contrast::EpochReport& report) { listener->call(report); }, cancel));
    return [trained](Napi::Env env) {
      Napi::Object object = Napi::Object::New(env);
      object.Set("head", head_to_js(env, trained->head));
      object.Set("bestEpoch", trained->best_epoch);
      return object;
    };
  });
}

Napi::Value create_head(const Napi::CallbackInfo& info) {
  const auto object = info[0].As<Napi::Object>();
  const auto head = std::make_shared<contrast::LinearHead>();
  head->in = size_argument(object.Get("inputDimension"));
  head->out = size_argument(object.Get("dimension"));
  head->weight = *copy_of<float>(object.Get("weight"));
  head->bias = *copy_of<float>(object.Get("bias"));
  UNREEL_CHECK(head->weight.size() == head->in * head->out && head->bias.size() == head->out);
  Napi::Object handle = Napi::Object::New(info.Env());
  add_method(info.Env(), handle, "project", [head](const Napi::CallbackInfo& call) {
    const auto x = copy_of<float>(call[0]);
    const std::size_t rows = size_argument(call[1]);
    UNREEL_CHECK(x->size() == rows * head->in);
    return run_job(call.Env(), [head, x, rows]() -> MakeValue {
      const auto z = std::make_shared<std::vector<float>>(rows * head->out);
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
