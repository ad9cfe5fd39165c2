// ONNX Runtime and the CLIP encoder with its pipeline.
#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <utility>

#include "binding/entries.h"
#include "binding/js_promise.h"
#include "binding/values.h"
#include "clip/image_encoder.h"
#include "clip/runtime.h"
#include "engine/core_turn.h"
#include "engine/embedder.h"

namespace unreel::binding {
namespace {

Napi::Value load_onnx_runtime(const Napi::CallbackInfo& info) {
  const clip::Runtime runtime = clip::load_runtime(string_argument(info[0]));
  Napi::Object object = Napi::Object::New(info.Env());
  object.Set("path", runtime.path);
  object.Set("version", runtime.version);
  return object;
}

/// Numbers of three channels as the decimals that give these floats, so that JSON shows 0.5 and not 0.49999998.
Napi::Value number_array(Napi::Env env, const std::array<float, 3>& values) {
  Napi::Array array = Napi::Array::New(env, values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    char text[32];
    const auto end = std::to_chars(text, text + sizeof text, values[i]);
    array.Set(static_cast<std::uint32_t>(i), std::stod(std::string(text, end.ptr)));
  }
  return array;
}

/// null where the model takes the bytes as they are.
Napi::Value normalization_part(Napi::Env env, const clip::EncoderContract& contract,
                               const std::array<float, 3>& values) {
  if (contract.pixel_type == clip::PixelType::uint8) return env.Null();
  return number_array(env, values);
}

Napi::Value contract_to_js(Napi::Env env, const clip::ImageEncoder& encoder) {
  const clip::EncoderContract& contract = encoder.contract();
  Napi::Object object = Napi::Object::New(env);
  object.Set("input", contract.input);
  object.Set("output", contract.output);
  const image::Preprocessing& preprocessing = contract.preprocessing;
  object.Set("preprocessing", image::name_of(preprocessing.variant));
  object.Set("declaresPreprocessing", contract.declares_preprocessing);
  object.Set("imageSize", preprocessing.size);
  object.Set("mean", normalization_part(env, contract, preprocessing.normalization.mean));
  object.Set("std", normalization_part(env, contract, preprocessing.normalization.std));
  object.Set("pictureBytes", static_cast<double>(preprocessing.bytes()));
  object.Set("dimension", contract.dimension);
  object.Set("fixedBatch", contract.fixed_batch ? Napi::Number::New(env, *contract.fixed_batch) : env.Null());
  object.Set("precision", contract.precision);
  object.Set("batchInvariant", contract.batch_invariant);
  Napi::Array files = Napi::Array::New(env, contract.external_files.size());
  for (std::size_t i = 0; i < contract.external_files.size(); ++i) {
    files.Set(static_cast<std::uint32_t>(i), contract.external_files[i]);
  }
  object.Set("externalFiles", files);
  object.Set("device", encoder.device());
  return object;
}

Napi::Value int64_array(Napi::Env env, const std::vector<std::int64_t>& values) {
  auto array = Napi::Float64Array::New(env, values.size());
  std::transform(values.begin(), values.end(), array.Data(), [](std::int64_t v) { return static_cast<double>(v); });
  return array;
}

Napi::Value embedding_to_js(Napi::Env env, const engine::VideoEmbedding& result) {
  Napi::Object timings = Napi::Object::New(env);
  timings.Set("decodeUs", static_cast<double>(result.timings.decode_us));
  timings.Set("preprocessUs", static_cast<double>(result.timings.preprocess_us));
  timings.Set("encodeUs", static_cast<double>(result.timings.encode_us));
  Napi::Object object = Napi::Object::New(env);
  object.Set("frames", int64_array(env, result.frames));
  object.Set("ptsUs", int64_array(env, result.pts_us));
  object.Set("embeddings", typed_array(env, result.embeddings.data(), result.embeddings.size()));
  object.Set("info", info_to_js(env, result.info));
  object.Set("stats", stats_to_js(env, result.stats));
  object.Set("timings", timings);
  return object;
}

/// What JavaScript's encoder holds. Stopping joins worker threads, so it happens on a job thread.
struct EncoderHandle {
  std::vector<std::shared_ptr<clip::ImageEncoder>> encoders;
  std::shared_ptr<engine::Embedder> embedder;

  ~EncoderHandle() { close(); }
  void close() {
    encoders.clear();
    if (embedder)
      engine::JobPool::instance().submit([stopping = std::move(embedder)] { stopping->stop_with_encoders(); });
    embedder.reset();
  }
  void check_open() const {
    if (encoders.empty()) throw Error(ErrorCode::disposed, "The encoder was closed; load it again with loadEncoder().");
  }
};

Napi::Value embed_video(const Napi::CallbackInfo& info, const EncoderHandle& handle) {
  handle.check_open();
  engine::EmbedRequest request{source_argument(info[0]), policy_argument(info[1]), limits_argument(info[2]),
                               token_argument(info[3])};
  const JsPromise promise(info.Env());
  handle.embedder->submit(std::move(request),
                          [promise](std::unique_ptr<engine::VideoEmbedding> result, std::exception_ptr error) {
                            if (error) return promise.reject(error);
                            const std::shared_ptr<engine::VideoEmbedding> shared = std::move(result);
                            promise.resolve([shared](Napi::Env env) { return embedding_to_js(env, *shared); });
                          });
  return promise.promise();
}

Napi::Value encode(const Napi::CallbackInfo& info, const EncoderHandle& handle) {
  handle.check_open();
  const auto crops = copy_of<std::uint8_t>(info[0]);
  const int count = int_argument(info[1]);
  return run_job(
      info.Env(), [encoder = handle.encoders.front(), crops, count, cancel = token_argument(info[2])]() -> MakeValue {
        const auto embeddings =
            std::make_shared<std::vector<float>>(static_cast<std::size_t>(count) * encoder->contract().dimension);
        const engine::CoreTurn turn;
        encoder->encode(crops->data(), count, embeddings->data(), cancel);
        return [embeddings](Napi::Env env) { return typed_array(env, embeddings->data(), embeddings->size()); };
      });
}

Napi::Value measure_batch(const Napi::CallbackInfo& info, const EncoderHandle& handle) {
  handle.check_open();
  const int threads = int_argument(info[1]);
  const double budget_s = info[2].As<Napi::Number>().DoubleValue();
  return run_job(info.Env(),
                 [encoder = handle.encoders.at(static_cast<std::size_t>(int_argument(info[0]))), threads, budget_s,
                  cancel = token_argument(info[3])]() -> MakeValue {
                   const int batch = encoder->measure_batch(threads, budget_s, cancel);
                   return [batch](Napi::Env env) { return Napi::Number::New(env, batch); };
                 });
}

using Encoders = std::vector<std::shared_ptr<clip::ImageEncoder>>;

Napi::Value encoders_to_js(Napi::Env env, const Encoders& encoders, int workers, int batch) {
  const auto handle = std::make_shared<EncoderHandle>();
  handle->embedder = std::make_shared<engine::Embedder>(encoders, workers, batch);
  handle->encoders = encoders;
  AddonData::of(env).stop_at_exit(handle->embedder, &engine::Embedder::stop_with_encoders);
  // Once more after each model: statics that ONNX Runtime made for it would otherwise end before our threads do.
  AddonData::stop_before_exit();
  Napi::Object object = Napi::Object::New(env);
  add_method(env, object, "contracts", [handle](const Napi::CallbackInfo& info) -> Napi::Value {
    handle->check_open();
    Napi::Array contracts = Napi::Array::New(info.Env(), handle->encoders.size());
    for (std::size_t i = 0; i < handle->encoders.size(); ++i)
      contracts.Set(static_cast<std::uint32_t>(i), contract_to_js(info.Env(), *handle->encoders[i]));
    return contracts;
  });
  add_method(env, object, "measureBatch",
             [handle](const Napi::CallbackInfo& info) { return measure_batch(info, *handle); });
  add_method(env, object, "setBatch", [handle](const Napi::CallbackInfo& info) {
    handle->check_open();
    handle->embedder->set_batch(int_argument(info[0]));
    return info.Env().Undefined();
  });
  add_method(env, object, "embedVideo",
             [handle](const Napi::CallbackInfo& info) { return embed_video(info, *handle); });
  add_method(env, object, "encode", [handle](const Napi::CallbackInfo& info) { return encode(info, *handle); });
  add_method(env, object, "close", [handle](const Napi::CallbackInfo& info) {
    handle->close();
    return info.Env().Undefined();
  });
  return object;
}

std::array<float, 3> three_floats(const Napi::Value& value) {
  const auto array = value.As<Napi::Array>();
  std::array<float, 3> floats{};
  for (std::size_t i = 0; i < floats.size(); ++i)
    floats[i] = array.Get(static_cast<std::uint32_t>(i)).As<Napi::Number>().FloatValue();
  return floats;
}

clip::PreprocessingChoice choice_argument(const Napi::Value& value) {
  clip::PreprocessingChoice choice;
  if (value.IsUndefined()) return choice;
  const auto object = value.As<Napi::Object>();
  const std::string source = string_argument(object.Get("source"));
  if (const Napi::Value variant = object.Get("variant"); !variant.IsUndefined()) {
    choice.variant = image::variant_named(string_argument(variant));
    if (!choice.variant)
      throw Error(ErrorCode::invalid_argument, source + ": the variant is none of " + image::variant_names() + ".");
  }
  if (const Napi::Value size = object.Get("size"); !size.IsUndefined())
    choice.size = clip::WantedSize{int_argument(size), source};
  if (const Napi::Value mean = object.Get("mean"); !mean.IsUndefined())
    choice.normalization = image::Normalization{three_floats(mean), three_floats(object.Get("std"))};
  return choice;
}

/// One model file to load.
struct EncoderFile {
  std::string path;
  clip::EncoderOptions options;
};

EncoderFile file_argument(const Napi::Object& object, const std::string& device) {
  clip::EncoderOptions options;
  // One ORT thread a session: the pipeline's workers are the parallelism, so that the sum never exceeds the cores.
  options.threads = 1;
  options.device = device;
  options.given = choice_argument(object.Get("given"));
  options.beside = choice_argument(object.Get("beside"));
  return {string_argument(object.Get("path")), options};
}

Napi::Value load_encoders(const Napi::CallbackInfo& info) {
  const auto list = info[0].As<Napi::Array>();
  const auto object = info[1].As<Napi::Object>();
  const std::string device = string_argument(object.Get("device"));
  std::vector<EncoderFile> files;
  for (std::uint32_t i = 0; i < list.Length(); ++i)
    files.push_back(file_argument(list.Get(i).As<Napi::Object>(), device));
  const int workers = int_argument(object.Get("workers"));
  const int batch = int_argument(object.Get("batch"));
  return run_job(info.Env(), [files, workers, batch]() -> MakeValue {
    Encoders encoders;
    for (const EncoderFile& file : files) encoders.push_back(clip::ImageEncoder::load(file.path, file.options));
    return [encoders, workers, batch](Napi::Env env) { return encoders_to_js(env, encoders, workers, batch); };
  });
}

}  // namespace

void export_encoder(Napi::Env env, Napi::Object exports) {
  add_method(env, exports, "loadOnnxRuntime", load_onnx_runtime);
  add_method(env, exports, "loadEncoders", load_encoders);
}

}  // namespace unreel::binding
