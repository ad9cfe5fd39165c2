// Support vector machines.
#include <array>
#include <memory>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/thread.h"
#include "binding/entries.h"
#include "binding/js_listener.h"
#include "binding/js_promise.h"
#include "binding/values.h"
#include "svm/cross_validation.h"
#include "svm/data_file.h"
#include "svm/model.h"
#include "svm/sigmoid.h"

namespace unreel::binding {
namespace {

constexpr std::array kKernels{"linear", "polynomial", "rbf", "sigmoid"};
constexpr std::array kFormulations{"c-svc", "nu-svc", "one-class"};

/// The place of a name in a list, which is the number of the enumerator that it stands for.
template <class Enum, class Names>
Enum named(const Names& names, const std::string& name) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (name == names[i]) return static_cast<Enum>(i);
  }
  UNREEL_CHECK(false);
  return {};
}

/// A copy of a Float32Array or Float64Array: the caller may change its own.
class Rows {
 public:
  Rows(const Napi::Value& value, std::size_t dims) : dims_(dims) {
    if (value.As<Napi::TypedArray>().TypedArrayType() == napi_float32_array) {
      floats_ = copy_of<float>(value);
    } else {
      doubles_ = copy_of<double>(value);
    }
    UNREEL_CHECK(dims > 0 && size() % dims == 0);
  }

  std::size_t count() const { return size() / dims_; }
  svm::RowsView view() const {
    return floats_ ? svm::RowsView(floats_->data(), count(), dims_) : svm::RowsView(doubles_->data(), count(), dims_);
  }

 private:
  std::size_t size() const { return floats_ ? floats_->size() : doubles_->size(); }

  std::size_t dims_;
  std::shared_ptr<std::vector<float>> floats_;
  std::shared_ptr<std::vector<double>> doubles_;
};

/// 0 stands for all cores.
int threads_argument(const Napi::Value& value) {
  const int threads = int_argument(value);
  return threads == 0 ? available_cores() : threads;
}

svm::Parameters svm_parameters(const Napi::Object& object) {
  svm::Parameters parameters;
  parameters.formulation = named<svm::Formulation>(kFormulations, string_argument(object.Get("formulation")));
  parameters.kernel.kind = named<svm::Kernel>(kKernels, string_argument(object.Get("kernel")));
  parameters.kernel.gamma = double_argument(object.Get("gamma"));
  parameters.kernel.coef0 = double_argument(object.Get("coef0"));
  parameters.kernel.degree = int_argument(object.Get("degree"));
  parameters.c = double_argument(object.Get("c"));
  parameters.nu = double_argument(object.Get("nu"));
  parameters.weight_real = double_argument(object.Get("weightReal"));
  parameters.weight_fake = double_argument(object.Get("weightFake"));
  parameters.epsilon = double_argument(object.Get("epsilon"));
  parameters.cache_mb = double_argument(object.Get("cacheMb"));
  parameters.shrinking = object.Get("shrinking").As<Napi::Boolean>();
  parameters.exact = object.Get("exact").As<Napi::Boolean>();
  parameters.libsvm_probability = object.Get("libsvmProbability").As<Napi::Boolean>();
  parameters.stream = static_cast<unsigned>(size_argument(object.Get("stream")));
  return parameters;
}

Napi::Value svm_to_js(Napi::Env env, const std::shared_ptr<const svm::Model>& model) {
  const svm::DecisionFunction& function = model->function();
  Napi::Object object = Napi::Object::New(env);
  object.Set("formulation", kFormulations[static_cast<std::size_t>(function.formulation)]);
  object.Set("kernel", kKernels[static_cast<std::size_t>(function.kernel.kind)]);
  object.Set("gamma", function.kernel.gamma);
  object.Set("coef0", function.kernel.coef0);
  object.Set("degree", function.kernel.degree);
  object.Set("dims", static_cast<double>(function.dims));
  object.Set("supportVectorCount", static_cast<double>(function.count()));
  // libsvm's sign, by the file's first label, turned so that + is fake.
  object.Set("rho", function.sign() * function.rho);
  add_method(env, object, "supportVectors", [model](const Napi::CallbackInfo& info) {
    const std::vector<double>& vectors = model->function().vectors;
    return typed_array(info.Env(), vectors.data(), vectors.size());
  });
  add_method(env, object, "coefficients", [model](const Napi::CallbackInfo& info) {
    std::vector<double> coefficients = model->function().coefficients;
    for (double& coefficient : coefficients) coefficient *= model->function().sign();
    return typed_array(info.Env(), coefficients.data(), coefficients.size());
  });
  // decisionValues(x, rows, exact, threads)
  add_method(env, object, "decisionValues", [model](const Napi::CallbackInfo& info) {
    const Rows x(info[0], model->function().dims);
    UNREEL_CHECK(x.count() == size_argument(info[1]));
    const bool exact = info[2].As<Napi::Boolean>();
    return run_job(info.Env(), [model, x, exact, threads = threads_argument(info[3])]() -> MakeValue {
      const auto values = std::make_shared<std::vector<double>>(x.count());
      exact ? model->decision_values(x.view(), threads, values->data())
            : model->fast_decision_values(x.view(), threads, values->data());
      return [values](Napi::Env e) { return typed_array(e, values->data(), values->size()); };
    });
  });
  // probabilities(x, rows, threads)
  add_method(env, object, "probabilities", [model](const Napi::CallbackInfo& info) {
    const Rows x(info[0], model->function().dims);
    UNREEL_CHECK(x.count() == size_argument(info[1]));
    return run_job(info.Env(), [model, x, threads = threads_argument(info[2])]() -> MakeValue {
      const auto values = std::make_shared<std::vector<double>>(x.count());
      model->probabilities(x.view(), threads, values->data());
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

/// trainSvm(x, labels, dims, parameters, onProgress, token)
Napi::Value train_svm(const Napi::CallbackInfo& info) {
  const Rows x(info[0], size_argument(info[2]));
  const auto labels = copy_of<std::int32_t>(info[1]);
  const auto object = info[3].As<Napi::Object>();
  const svm::Parameters parameters = svm_parameters(object);
  svm::TrainingControl control;
  control.threads = threads_argument(object.Get("threads"));
  control.max_iterations = static_cast<std::int64_t>(size_argument(object.Get("maxIterations")));
  control.max_seconds = double_argument(object.Get("maxSeconds"));
  control.cancel = token_argument(info[5]);
  const auto listener = std::make_shared<JsListener>(info.Env(), info[4].As<Napi::Function>());
  UNREEL_CHECK(x.count() == labels->size());
  return run_job(info.Env(), [=]() mutable -> MakeValue {
    const ListenerOfJob of_job(*listener);
    control.on_progress = [&](const svm::SolverProgress& progress) {
      listener->call([progress](Napi::Env env) {
        Napi::Object report = Napi::Object::New(env);
        report.Set("iterations", static_cast<double>(progress.iterations));
        report.Set("gap", progress.gap);
        return report;
      });
    };
    const std::shared_ptr<const svm::Model> model = svm::Model::train(x.view(), labels->data(), parameters, control);
    return [model](Napi::Env env) { return svm_to_js(env, model); };
  });
}

/// crossValidateSvm(x, labels, dims, parameters, {folds, cs, gammas, matrixMb}, onProgress, token)
Napi::Value cross_validate_svm(const Napi::CallbackInfo& info) {
  const Rows x(info[0], size_argument(info[2]));
  const auto labels = copy_of<std::int32_t>(info[1]);
  const auto object = info[3].As<Napi::Object>();
  const svm::Parameters parameters = svm_parameters(object);
  const auto plan_object = info[4].As<Napi::Object>();
  svm::CrossValidationPlan plan;
  plan.folds = *copy_of<std::int32_t>(plan_object.Get("folds"));
  plan.cs = *copy_of<double>(plan_object.Get("cs"));
  plan.gammas = *copy_of<double>(plan_object.Get("gammas"));
  plan.matrix_bytes = size_argument(plan_object.Get("matrixMb")) << 20;
  svm::CrossValidationControl control;
  control.threads = threads_argument(object.Get("threads"));
  control.max_seconds = double_argument(object.Get("maxSeconds"));
  control.cancel = token_argument(info[6]);
  const auto listener = std::make_shared<JsListener>(info.Env(), info[5].As<Napi::Function>());
  UNREEL_CHECK(x.count() == labels->size() && x.count() == plan.folds.size());
  return run_job(info.Env(), [=]() mutable -> MakeValue {
    const ListenerOfJob of_job(*listener);
    control.on_progress = [&](std::size_t done, std::size_t all) {
      listener->call([done, all](Napi::Env env) {
        Napi::Object report = Napi::Object::New(env);
        report.Set("done", static_cast<double>(done));
        report.Set("all", static_cast<double>(all));
        return report;
      });
    };
    const auto values =
        std::make_shared<std::vector<double>>(svm::cross_validate(x.view(), labels->data(), parameters, plan, control));
    return [values](Napi::Env env) { return typed_array(env, values->data(), values->size()); };
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

/// A typed array that owns the numbers. They are not copied, but where the environment forbids foreign memory.
template <class T>
Napi::Value adopt_numbers(Napi::Env env, std::vector<T> numbers) {
  auto kept = std::make_unique<std::vector<T>>(std::move(numbers));
  const auto free_numbers = [](napi_env, void*, void* owner) { delete static_cast<std::vector<T>*>(owner); };
  napi_value buffer = nullptr;
  if (napi_create_external_arraybuffer(env, kept->data(), kept->size() * sizeof(T), free_numbers, kept.get(),
                                       &buffer) != napi_ok) {
    return typed_array(env, kept->data(), kept->size());
  }
  const std::size_t count = kept.release()->size();
  return Napi::TypedArrayOf<T>::New(env, count, Napi::ArrayBuffer(env, buffer), 0);
}

/// readSvmData(path, dims, token); dims 0: the greatest index
Napi::Value read_svm_data(const Napi::CallbackInfo& info) {
  const std::size_t dims = size_argument(info[1]);
  return run_job(info.Env(), [path = string_argument(info[0]), dims, token = token_argument(info[2])]() -> MakeValue {
    const auto wanted = dims == 0 ? std::nullopt : std::optional<std::size_t>(dims);
    const auto data = std::make_shared<svm::LabelledRows>(svm::read_data_file(path, wanted, token));
    return [data](Napi::Env env) {
      Napi::Object object = Napi::Object::New(env);
      object.Set("rows", static_cast<double>(data->rows));
      object.Set("dims", static_cast<double>(data->dims));
      object.Set("x", adopt_numbers(env, std::move(data->x)));
      object.Set("labels", adopt_numbers(env, std::move(data->labels)));
      return object;
    };
  });
}

}  // namespace

void export_svm(Napi::Env env, Napi::Object exports) {
  add_method(env, exports, "trainSvm", train_svm);
  add_method(env, exports, "crossValidateSvm", cross_validate_svm);
  add_method(env, exports, "loadSvm", load_svm);
  add_method(env, exports, "fitSigmoid", fit_sigmoid);
  add_method(env, exports, "readSvmData", read_svm_data);
}

}  // namespace unreel::binding
