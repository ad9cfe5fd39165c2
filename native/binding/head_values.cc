#include "binding/head_values.h"

#include <cstdint>
#include <utility>

#include "base/check.h"
#include "binding/error_to_js.h"
#include "binding/loss_values.h"
#include "binding/values.h"

namespace unreel::binding {
namespace {

Napi::Object layer_to_js(Napi::Env env, const contrast::LinearLayer& layer) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("in", static_cast<double>(layer.in));
  object.Set("out", static_cast<double>(layer.out));
  object.Set("weight", typed_array(env, layer.weight.data(), layer.weight.size()));
  object.Set("bias", typed_array(env, layer.bias.data(), layer.bias.size()));
  return object;
}

contrast::LinearLayer layer_argument(const Napi::Object& object) {
  contrast::LinearLayer layer;
  layer.in = size_argument(object.Get("in"));
  layer.out = size_argument(object.Get("out"));
  layer.weight = std::move(*copy_of<float>(object.Get("weight")));
  layer.bias = std::move(*copy_of<float>(object.Get("bias")));
  UNREEL_CHECK(layer.weight.size() == layer.in * layer.out && layer.bias.size() == layer.out);
  return layer;
}

/// Calls visit(name, number) for all of a report but its epoch. Report: EpochReport, const or not.
template <class Report, class Visit>
void visit_numbers(Report& report, const Visit& visit) {
  visit("loss", report.loss);
  visit("validationLoss", report.validation_loss);
  visit("auc", report.health.auc);
  visit("meanCosine", report.health.mean_cosine);
  visit("crossCosine", report.health.cross_cosine);
  visit("alignment", report.health.alignment);
  visit("uniformity", report.health.uniformity);
  visit("learningRate", report.learning_rate);
  visit("temperature", report.temperature);
}

contrast::EpochReport epoch_argument(const Napi::Object& object) {
  contrast::EpochReport report;
  report.epoch = int_argument(object.Get("epoch"));
  visit_numbers(report, [&](const char* name, double& value) { value = double_argument(object.Get(name)); });
  return report;
}

const char* name_of(contrast::TrainingEnd end) {
  switch (end) {
    case contrast::TrainingEnd::finished:
      return "finished";
    case contrast::TrainingEnd::early:
      return "early";
    case contrast::TrainingEnd::stopped:
      return "stopped";
    case contrast::TrainingEnd::collapsed:
      return "collapsed";
    case contrast::TrainingEnd::diverged:
      return "diverged";
  }
  UNREEL_CHECK(false);
}

}  // namespace

contrast::Head head_argument(const Napi::Value& value) {
  const auto layers = value.As<Napi::Object>().Get("layers").As<Napi::Array>();
  contrast::Head head;
  for (std::uint32_t i = 0; i < layers.Length(); ++i) {
    head.layers.push_back(layer_argument(layers.Get(i).As<Napi::Object>()));
  }
  return head;
}

Napi::Object head_to_js(Napi::Env env, const contrast::Head& head) {
  Napi::Array layers = Napi::Array::New(env);
  for (const contrast::LinearLayer& layer : head.layers) layers.Set(layers.Length(), layer_to_js(env, layer));
  Napi::Object object = Napi::Object::New(env);
  object.Set("layers", layers);
  return object;
}

Napi::Object epoch_to_js(Napi::Env env, const contrast::EpochReport& report) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("epoch", report.epoch);
  visit_numbers(report, [&](const char* name, double value) { object.Set(name, value); });
  return object;
}

contrast::TrainerOptions trainer_options(const Napi::Object& object) {
  contrast::TrainerOptions options;
  options.dimension = size_argument(object.Get("dimension"));
  options.hidden = size_argument(object.Get("hidden"));
  options.dropout = double_argument(object.Get("dropout"));
  options.loss = loss_options(object.Get("loss").As<Napi::Object>());
  options.learn_temperature = object.Get("learnTemperature").As<Napi::Boolean>();
  options.epochs = int_argument(object.Get("epochs"));
  options.batch = size_argument(object.Get("batch"));
  options.frames_per_video = size_argument(object.Get("framesPerVideo"));
  const bool sgd = string_argument(object.Get("optimizer")) == "sgd";
  options.optimizer = sgd ? contrast::OptimizerKind::sgd : contrast::OptimizerKind::adamw;
  options.momentum = double_argument(object.Get("momentum"));
  options.learning_rate = double_argument(object.Get("learningRate"));
  options.warm_up = double_argument(object.Get("warmUp"));
  options.weight_decay = double_argument(object.Get("weightDecay"));
  options.clip_norm = double_argument(object.Get("clipNorm"));
  options.patience = int_argument(object.Get("patience"));
  options.seed = static_cast<std::uint64_t>(object.Get("seed").As<Napi::Number>().Int64Value());
  return options;
}

Napi::Object trainer_state_to_js(Napi::Env env, const contrast::TrainerState& state) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("epochs", state.epochs);
  object.Set("steps", static_cast<double>(state.steps));
  object.Set("head", head_to_js(env, state.head));
  object.Set("classifier", typed_array(env, state.classifier.data(), state.classifier.size()));
  object.Set("logScale", static_cast<double>(state.log_scale));
  object.Set("optimizer", typed_array(env, state.optimizer.data(), state.optimizer.size()));
  object.Set("best", head_to_js(env, state.best));
  object.Set("bestEpoch", state.best_epoch);
  return object;
}

contrast::TrainerState trainer_state(const Napi::Object& object) {
  contrast::TrainerState state;
  state.epochs = int_argument(object.Get("epochs"));
  state.steps = size_argument(object.Get("steps"));
  state.head = head_argument(object.Get("head"));
  state.classifier = std::move(*copy_of<float>(object.Get("classifier")));
  state.log_scale = static_cast<float>(double_argument(object.Get("logScale")));
  state.optimizer = std::move(*copy_of<double>(object.Get("optimizer")));
  state.best = head_argument(object.Get("best"));
  state.best_epoch = int_argument(object.Get("bestEpoch"));
  const auto history = object.Get("history").As<Napi::Array>();
  for (std::uint32_t i = 0; i < history.Length(); ++i) {
    state.history.push_back(epoch_argument(history.Get(i).As<Napi::Object>()));
  }
  return state;
}

Napi::Object trained_to_js(Napi::Env env, const contrast::StandardizedTraining& trained) {
  const contrast::TrainingResult& result = trained.result;
  Napi::Object object = Napi::Object::New(env);
  object.Set("state", trainer_state_to_js(env, result.state));
  object.Set("end", name_of(result.end));
  if (trained.head) object.Set("head", head_to_js(env, *trained.head));
  if (result.failure) object.Set("failure", error_to_js(env, std::make_exception_ptr(*result.failure)).Value());
  return object;
}

}  // namespace unreel::binding
