#include "onnx/session.h"

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <new>
#include <numeric>
#include <utility>

#include "base/check.h"
#include "base/error.h"
#include "onnx/api.h"
#include "onnx/denormals.h"

namespace unreel::onnx {
namespace {

namespace fs = std::filesystem;

struct TypeRow {
  ElementType type;
  ONNXTensorElementDataType ort;
  std::size_t bytes;
  const char* name;
};

constexpr TypeRow kTypes[] = {
    {ElementType::float32, ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, 4, "float32"},
    {ElementType::float16, ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16, 2, "float16"},
    {ElementType::uint8, ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8, 1, "uint8"},
    {ElementType::int64, ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64, 8, "int64"},
    {ElementType::int32, ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32, 4, "int32"},
    {ElementType::other, ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED, 0, "other"},
};

const TypeRow& row(ElementType type) {
  for (const TypeRow& each : kTypes) {
    if (each.type == type) return each;
  }
  return kTypes[std::size(kTypes) - 1];
}

ElementType element_type(ONNXTensorElementDataType ort) {
  for (const TypeRow& each : kTypes) {
    if (each.ort == ort) return each.type;
  }
  return ElementType::other;
}

TensorInfo tensor_info(std::string name, const Ort::TypeInfo& type) {
  TensorInfo info;
  info.name = std::move(name);
  if (type.GetONNXType() != ONNX_TYPE_TENSOR) return info;
  const Ort::ConstTensorTypeAndShapeInfo tensor = type.GetTensorTypeAndShapeInfo();
  info.type = element_type(tensor.GetElementType());
  info.shape = tensor.GetShape();
  return info;
}

Ort::Value wrap(const TensorView& view) {
  static const Ort::MemoryInfo memory = Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);
  const TypeRow& type = row(view.type);
  UNREEL_CHECK(type.bytes != 0 && view.data != nullptr);
  const auto elements =
      std::accumulate(view.shape.begin(), view.shape.end(), std::int64_t{1}, std::multiplies<std::int64_t>());
  return Ort::Value::CreateTensor(memory, view.data, static_cast<std::size_t>(elements) * type.bytes, view.shape.data(),
                                  view.shape.size(), type.ort);
}

/// ORT says out-of-memory only in words (bfc_arena.cc, and what() of std::bad_alloc).
bool tells_of_memory(const std::string& words) {
  return words.find("Failed to allocate memory") != std::string::npos || words.find("bad_alloc") != std::string::npos ||
         words.find("bad allocation") != std::string::npos;
}

void check_file(const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) {
    throw Error(ErrorCode::model_not_found, "There is no model file at " + path + ".").with("path", path);
  }
  if (fs::is_directory(status)) {
    throw Error(ErrorCode::is_a_directory, path + " is a folder; give the path of an .onnx file.").with("path", path);
  }
  if (access(path.c_str(), R_OK) != 0) {
    throw Error(ErrorCode::not_readable, "The model file " + path + " may not be read; check its permissions.")
        .with("path", path);
  }
  if (fs::file_size(path, error) == 0 && !error) {
    throw Error(ErrorCode::model_invalid, "The model file " + path + " is empty. Fetch or make it again.")
        .with("path", path);
  }
}

void check_device(const Library& library, const std::string& device) {
  if (device == "cpu") return;
  std::string missing = "an encoder session for it in this version of unreel";
  if (device == "cuda") {
    const fs::path folder = fs::path(library.path()).parent_path();
    for (const char* name : {"libonnxruntime_providers_shared.so", "libonnxruntime_providers_cuda.so"}) {
      std::error_code ignored;
      if (!fs::exists(folder / name, ignored)) missing += ", " + (folder / name).string();
    }
  }
  throw Error(ErrorCode::device_unavailable,
              "Device '" + device + "' cannot be used. Missing: " + missing + ". Use 'cpu' or 'auto'.")
      .with("device", device)
      .with("missing", missing);
}

Ort::SessionOptions ort_options(const SessionOptions& options) {
  Ort::SessionOptions result;
  result.SetGraphOptimizationLevel(ORT_ENABLE_ALL);
  result.SetExecutionMode(ORT_SEQUENTIAL);
  result.SetIntraOpNumThreads(options.threads);
  result.SetInterOpNumThreads(1);
  result.SetLogSeverityLevel(ORT_LOGGING_LEVEL_ERROR);
  result.AddConfigEntry("session.intra_op.allow_spinning", "0");
  result.AddConfigEntry("session.inter_op.allow_spinning", "0");
  result.AddConfigEntry("session.set_denormal_as_zero", "1");
  result.AddConfigEntry("session.use_env_allocators", "1");  // Library's arena
  return result;
}

}  // namespace

struct StopSignal::State {
  Ort::RunOptions options;  ///< of every run: the flag in it ends them all
  std::atomic<bool> triggered{false};
};

StopSignal::StopSignal() : state_(std::make_unique<State>()) {}
StopSignal::~StopSignal() = default;

void StopSignal::trigger() {
  state_->triggered = true;
  state_->options.SetTerminate();
}

bool StopSignal::triggered() const { return state_->triggered; }

class OrtBinding final : public Binding {
 public:
  OrtBinding(Ort::Session& session, const std::string& path) : session_(session), path_(path), binding_(session) {}

  void input(const TensorView& view) {
    told([&] { binding_.BindInput(view.name.c_str(), wrap(view)); });
  }
  void output(const TensorView& view) {
    told([&] { binding_.BindOutput(view.name.c_str(), wrap(view)); });
  }
  /// An output whose memory ORT brings.
  void output(const std::string& name, const Ort::MemoryInfo& memory) {
    told([&] { binding_.BindOutput(name.c_str(), memory); });
  }
  std::vector<std::int64_t> first_shape() const {
    return binding_.GetOutputValues().front().GetTensorTypeAndShapeInfo().GetShape();
  }

  void run(const CancelToken& cancel, const StopSignal& stop) override {
    cancel.throw_if_cancelled();
    told(
        [&] {
          const DenormalsAsZero mode;
          session_.Run(stop.state_->options, binding_);
        },
        &stop);
  }

 private:
  /// ORT's exceptions in our words.
  template <class Call>
  void told(const Call& call, const StopSignal* stop = nullptr) const {
    try {
      call();
    } catch (const Ort::Exception& error) {
      if (stop != nullptr && stop->triggered())
        throw Error(ErrorCode::aborted, "The encoder was closed while it worked.");
      if (tells_of_memory(error.what())) {
        throw Error(ErrorCode::out_of_memory, "Memory ran out while " + path_ + " ran: " + error.what() +
                                                  ". Use smaller batches or fewer threads.")
            .with("path", path_);
      }
      throw Error(ErrorCode::inference_failed, "ONNX Runtime failed while it ran " + path_ + ": " + error.what())
          .with("path", path_);
    }
  }

  Ort::Session& session_;
  const std::string& path_;
  Ort::IoBinding binding_;
};

class OrtSession final : public Session {
 public:
  OrtSession(const std::string& path, const SessionOptions& options)
      : path_(path), session_(environment(), path.c_str(), ort_options(options)) {
    Ort::AllocatorWithDefaultOptions allocator;
    for (std::size_t i = 0; i < session_.GetInputCount(); ++i) {
      inputs_.push_back(tensor_info(session_.GetInputNameAllocated(i, allocator).get(), session_.GetInputTypeInfo(i)));
    }
    for (std::size_t i = 0; i < session_.GetOutputCount(); ++i) {
      outputs_.push_back(
          tensor_info(session_.GetOutputNameAllocated(i, allocator).get(), session_.GetOutputTypeInfo(i)));
    }
  }

  const std::vector<TensorInfo>& inputs() const override { return inputs_; }
  const std::vector<TensorInfo>& outputs() const override { return outputs_; }

  std::optional<std::string> metadata(const std::string& key) const override {
    Ort::AllocatorWithDefaultOptions allocator;
    const Ort::AllocatedStringPtr value =
        session_.GetModelMetadata().LookupCustomMetadataMapAllocated(key.c_str(), allocator);
    return value ? std::optional<std::string>(value.get()) : std::nullopt;
  }

  std::unique_ptr<Binding> bind(const TensorView& input, const std::vector<TensorView>& outputs) override {
    auto binding = std::make_unique<OrtBinding>(session_, path_);
    binding->input(input);
    for (const TensorView& output : outputs) binding->output(output);
    return binding;
  }

  std::vector<std::int64_t> shape_of(const TensorView& input, const std::string& output) override {
    OrtBinding binding(session_, path_);
    binding.input(input);
    binding.output(output, Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault));
    binding.run(CancelToken(), StopSignal());
    return binding.first_shape();
  }

 private:
  const std::string path_;
  Ort::Session session_;
  std::vector<TensorInfo> inputs_;
  std::vector<TensorInfo> outputs_;
};

std::string describe(const TensorInfo& tensor) {
  std::string shape;
  for (const std::int64_t size : tensor.shape) {
    if (!shape.empty()) shape += ", ";
    shape += size < 0 ? "?" : std::to_string(size);
  }
  return tensor.name + " " + row(tensor.type).name + "[" + shape + "]";
}

std::string describe(const std::vector<TensorInfo>& tensors) {
  std::string list;
  for (const TensorInfo& tensor : tensors) list += (list.empty() ? "" : ", ") + describe(tensor);
  return list.empty() ? "none" : list;
}

std::unique_ptr<Session> Session::open(const Library& library, const std::string& model_path,
                                       const SessionOptions& options) {
  if (options.threads < 1) {
    throw Error(ErrorCode::invalid_argument,
                "threads must be at least 1, not " + std::to_string(options.threads) + ".");
  }
  check_device(library, options.device);
  check_file(model_path);
  const DenormalsAsZero mode;
  try {
    return std::make_unique<OrtSession>(model_path, options);
  } catch (const Ort::Exception& error) {
    if (tells_of_memory(error.what())) {
      throw Error(ErrorCode::out_of_memory, "Memory ran out while " + model_path + " was loaded: " + error.what())
          .with("path", model_path);
    }
    throw Error(ErrorCode::model_invalid, model_path + " is not an ONNX model that ONNX Runtime " + library.version() +
                                              " can load: " + error.what())
        .with("path", model_path);
  }
}

}  // namespace unreel::onnx
