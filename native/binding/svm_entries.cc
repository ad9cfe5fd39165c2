// Support vector machines.
#include <utility>

#include "base/check.h"
#include "base/thread.h"
#include "binding/entries.h"
#include "binding/js_promise.h"
#include "binding/values.h"
#include "svm/model.h"
#include "svm/sigmoid.h"

namespace unreel::binding {
namespace {

Napi::Value svm_to_js(Napi::Env env, const std::shared_ptr<const svm::Model>& model) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("kernel", model->function().kernel.kind == svm::Kernel::rbf ? "rbf" : "linear");
  object.Set("gamma", model->function().kernel.gamma);
  object.Set("dims", static_cast<double>(model->function().dims));
  object.Set("supportVectorCount", static_cast<double>(model->function().count()));
  add_method(env, object, "supportVectors", [model](const Napi::CallbackInfo& info) {
    const std::vector<double>& vectors = model->function().vectors;
    return typed_array(info.Env(), vectors.data(), vectors.size());
  });
  add_method(env, object, "decisionValues", [model](const Napi::CallbackInfo& info) {
    const auto x = copy_of<double>(info[0]);
    const std::size_t rows = size_argument(info[1]);
    UNREEL_CHECK(x->size() == rows * model->function().dims);
    return run_job(info.Env(), [model, x, rows]() -> MakeValue {
      const auto values = std::make_shared<std::vector<double>>(rows);
      model->decision_values(x->data(), rows, available_cores(), values->data());
      return [values](Napi::Env e) { return typed_array(e, values->data(), values->size()); };
    });
  });
  add_method(env, object, "save", [model](const Napi::CallbackInfo& info) {
    return run_job(info.Env(), [model, path = string_argument(info[0])]() -> MakeValue {
      model->save(path);
      return [](Napi::Env e) { return e.Undefined(); };
    });
  });
  return object;
}

Napi::Value train_svm(const Napi::CallbackInfo& info) {
  const auto x = copy_of<double>(info[0]);
  const auto labels = copy_of<std::int32_t>(info[1]);
  const std::size_t dims = size_argument(info[2]);
  const auto object = info[3].As<Napi::Object>();
  svm::Parameters parameters;
  parameters.kernel.kind = string_argument(object.Get("kernel")) == "rbf" ? svm::Kernel::rbf : svm::Kernel::linear;
  parameters.c = double_argument(object.Get("c"));
  parameters.kernel.gamma = double_argument(object.Get("gamma"));
  parameters.weight_real = double_argument(object.Get("weightReal"));
  parameters.weight_fake = double_argument(object.Get("weightFake"));
  UNREEL_CHECK(x->size() == labels->size() * dims);
  return run_job(info.Env(), [=]() -> MakeValue {
    const std::shared_ptr<const svm::Model> model =
        svm::Model::train(x->data(), labels->data(), labels->size(), dims, parameters);
    return [model](Napi::Env env) { return svm_to_js(env, model); };
  });
}

Napi::Value load_svm(const Napi::CallbackInfo& info) {
  return run_job(info.Env(), [path = string_argument(info[0])]() -> MakeValue {
    const std::shared_ptr<const svm::Model> model = svm::Model::load(path);
    return [model](Napi::Env env) { return svm_to_js(env, model); };
  });
}

/// (values, labels: 1 fake, 0 real) -> Promise<{a, b}>
Napi::Value fit_sigmoid(const Napi::CallbackInfo& info) {
  const auto values = copy_of<double>(info[0]);
  const auto labels = copy_of<std::int32_t>(info[1]);
  UNREEL_CHECK(!values->empty() && values->size() == labels->size());
  return run_job(info.Env(), [values, labels]() -> MakeValue {
    const std::vector<double> wide(labels->begin(), labels->end());
    const svm::Sigmoid sigmoid = svm::fit_sigmoid(values->data(), wide.data(), values->size());
    return [sigmoid](Napi::Env env) {
      Napi::Object object = Napi::Object::New(env);
      object.Set("a", sigmoid.a);
      object.Set("b", sigmoid.b);
      return object;
    };
  });
}

}  // namespace

void export_svm(Napi::Env env, Napi::Object exports) {
  add_method(env, exports, "trainSvm", train_svm);
  add_method(env, exports, "loadSvm", load_svm);
  add_method(env, exports, "fitSigmoid", fit_sigmoid);
}

}  // namespace unreel::binding
