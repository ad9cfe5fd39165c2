#include "clip/contract.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include "base/error.h"
#include "clip/preprocessing_choice.h"
#include "onnx/model_file.h"
#include "onnx/session.h"

namespace unreel::clip {
namespace {

using onnx::ElementType;
using onnx::TensorInfo;

constexpr const char* kExpected =
    "one input [batch, 3, size, size] or [batch, size, size, 3] of float32, float16 or uint8, and one 2-D float output "
    "[batch, dimension], such as pixel_values and "
    "image_embeds";
constexpr const char* kExpectedTiles =
    "one input uint8[batch, 25, size, size] of tiles, size up to 512, and one 2-D float output [batch, dimension], as "
    "the "
    "metadata unreel.preprocessing = luma-tiles says";
constexpr int kClipSizes[] = {224, 336, 240, 256, 288, 384, 448};
constexpr const char* kBatchQuantizer = "DynamicQuantize";  // Linear, and ORT's own MatMul, LSTM

bool is_float(const TensorInfo& tensor) {
  return tensor.type == ElementType::float32 || tensor.type == ElementType::float16;
}

[[noreturn]] void refuse(const std::string& path, const std::string& expected, const std::string& found) {
  throw Error(ErrorCode::model_contract,
              path + " is not an image encoder that unreel can run. Expected: " + expected + ". Found: " + found +
                  ". Export the vision model with its projection alone, or choose another file.")
      .with("path", path)
      .with("expected", expected)
      .with("found", found);
}

[[noreturn]] void refuse(const std::string& path, const onnx::Session& session) {
  refuse(path, kExpected, "inputs " + describe(session.inputs()) + "; outputs " + describe(session.outputs()));
}

bool open_or(std::int64_t size, std::int64_t wanted) { return size < 0 || size == wanted; }

/// The pictures' input, and what its axes mean.
struct PictureInput {
  const TensorInfo& tensor;
  bool channels_last;
  int channels;

  std::int64_t batch() const { return tensor.shape[0]; }
  std::int64_t height() const { return tensor.shape[channels_last ? 1 : 2]; }
  std::int64_t width() const { return tensor.shape[channels_last ? 2 : 3]; }
  std::vector<std::int64_t> shape(int count, int size) const {
    if (channels_last) return {count, size, size, channels};
    return {count, channels, size, size};
  }
};

PictureInput find_input(const onnx::Session& session, const std::string& path) {
  if (session.inputs().size() != 1) refuse(path, session);
  const TensorInfo& tensor = session.inputs().front();
  if ((!is_float(tensor) && tensor.type != ElementType::uint8) || tensor.shape.size() != 4) refuse(path, session);
  const PictureInput input{tensor, tensor.shape[3] == 3 && tensor.shape[1] != 3, 3};
  if (!input.channels_last && !open_or(tensor.shape[1], 3)) refuse(path, session);
  const std::int64_t height = input.height();
  const std::int64_t width = input.width();
  if (height == 0 || width == 0 || input.batch() == 0 || (height > 0 && !open_or(width, height))) refuse(path, session);
  return input;
}

constexpr std::int64_t kLargestTile = 512;

/// The input of a file that declares luma-tiles: it knows its sizes.
PictureInput find_tiles(const onnx::Session& session, const std::string& path) {
  const std::vector<TensorInfo>& inputs = session.inputs();
  const bool fits = inputs.size() == 1 && inputs[0].type == ElementType::uint8 && inputs[0].shape.size() == 4 &&
                    inputs[0].shape[0] != 0 && inputs[0].shape[1] == image::kLumaTiles && inputs[0].shape[2] >= 1 &&
                    inputs[0].shape[2] <= kLargestTile && inputs[0].shape[3] == inputs[0].shape[2];
  if (!fits) refuse(path, kExpectedTiles, "inputs " + describe(inputs));
  return {inputs[0], false, image::kLumaTiles};
}

std::size_t bytes_of(ElementType type) {
  return type == ElementType::float32 ? 4 : type == ElementType::float16 ? 2 : 1;
}

PixelType pixel_type_of(ElementType type) {
  if (type == ElementType::float16) return PixelType::float16;
  return type == ElementType::uint8 ? PixelType::uint8 : PixelType::float32;
}

/// No encoder of pictures comes near these; a damaged file that does would cost gigabytes.
constexpr std::int64_t kLargestBatch = 1024;
constexpr std::int64_t kLargestSize = 4096;

const TensorInfo& find_output(const onnx::Session& session, const std::string& path) {
  const TensorInfo* only = nullptr;
  int candidates = 0;
  for (const TensorInfo& output : session.outputs()) {
    if (!is_float(output) || output.shape.size() != 2) continue;
    if (output.name == "image_embeds") return output;
    only = &output;
    ++candidates;
  }
  if (candidates != 1) refuse(path, session);
  return *only;
}

/// One run on a blank picture; the embedding's dimension.
int trial(onnx::Session& session, const PictureInput& input, const TensorInfo& output, int batch, int size,
          const std::string& path) {
  const TensorInfo& tensor = input.tensor;
  std::vector<std::uint8_t> blank(static_cast<std::size_t>(batch) * input.channels * size * size *
                                  bytes_of(tensor.type));
  const std::vector<std::int64_t> shape =
      session.shape_of({tensor.name, tensor.type, input.shape(batch, size), blank.data()}, output.name);
  const bool as_declared = shape.size() == 2 && shape[0] == batch && shape[1] > 0 && open_or(output.shape[1], shape[1]);
  if (!as_declared)
    refuse(path, kExpected, describe(TensorInfo{output.name, output.type, shape}) + " from a trial run");
  return static_cast<int>(shape[1]);
}

/// {size, dimension} by the first of CLIP's sizes that the model runs with.
std::pair<int, int> try_sizes(onnx::Session& session, const PictureInput& input, const TensorInfo& output, int batch,
                              const std::string& path) {
  std::string words;
  for (const int size : kClipSizes) {
    try {
      return {size, trial(session, input, output, batch, size, path)};
    } catch (const Error& error) {
      if (error.code() != ErrorCode::inference_failed) throw;
      if (words.empty()) words = error.message();
    }
  }
  refuse(path, "a model that runs at one of CLIP's sizes, 224 to 448", "at 224: " + words);
}

std::string precision_of(const onnx::ModelFacts& facts) {
  static constexpr std::pair<int, const char*> kNames[] = {
      {onnx::kFloat32, "fp32"}, {onnx::kFloat16, "fp16"}, {onnx::kBfloat16, "bf16"}, {onnx::kFloat64, "fp64"},
      {onnx::kInt8, "int8"},    {onnx::kUint8, "int8"},   {onnx::kInt4, "int4"},     {onnx::kUint4, "int4"}};
  if (facts.operators.count("MatMulNBits") + facts.operators.count("MatMulBnb4") > 0) return "int4";
  std::map<std::string, std::int64_t> elements;
  for (const auto& [type, name] : kNames) {
    const auto found = facts.weight_elements.find(type);
    if (found != facts.weight_elements.end()) elements[name] += found->second;
  }
  std::pair<std::string, std::int64_t> most{"fp32", 0};
  for (const auto& each : elements) {
    if (each.second > most.second) most = each;
  }
  return most.first;
}

bool quantizes_by_batch(const onnx::ModelFacts& facts) {
  const auto first = facts.operators.lower_bound(kBatchQuantizer);
  return first != facts.operators.end() && first->compare(0, std::strlen(kBatchQuantizer), kBatchQuantizer) == 0;
}

}  // namespace

EncoderContract read_contract(onnx::Session& session, const std::string& model_path,
                              const std::optional<WantedSize>& wanted) {
  const bool tiles = declared_preprocessing(session, model_path).variant == image::Variant::luma_tiles;
  const PictureInput input = tiles ? find_tiles(session, model_path) : find_input(session, model_path);
  const TensorInfo& output = find_output(session, model_path);
  EncoderContract contract;
  if (tiles) contract.preprocessing.variant = image::Variant::luma_tiles;
  contract.input = input.tensor.name;
  contract.output = output.name;
  contract.pixel_type = pixel_type_of(input.tensor.type);
  contract.channels_last = input.channels_last;
  contract.half_output = output.type == ElementType::float16;
  const std::int64_t side = std::max(input.height(), input.width());
  if (input.batch() > kLargestBatch || side > kLargestSize) refuse(model_path, session);
  if (side > 0 && wanted && wanted->size != side) {
    const std::string side_by_side = std::to_string(wanted->size) + " x " + std::to_string(wanted->size);
    refuse(model_path, "pictures of " + side_by_side + ", as " + wanted->source + " says",
           "input " + describe(input.tensor));
  }
  if (input.batch() > 0) contract.fixed_batch = static_cast<int>(input.batch());

  const int batch = contract.fixed_batch.value_or(1);
  const int size = side > 0 ? static_cast<int>(side) : wanted ? wanted->size : 0;
  if (size > 0) {
    contract.preprocessing.size = size;
    contract.dimension = trial(session, input, output, batch, size, model_path);
  } else {
    std::tie(contract.preprocessing.size, contract.dimension) = try_sizes(session, input, output, batch, model_path);
  }

  const onnx::ModelFacts facts = onnx::read_model_facts(model_path);
  contract.precision = precision_of(facts);
  contract.batch_invariant = !quantizes_by_batch(facts);
  contract.external_files.assign(facts.external_files.begin(), facts.external_files.end());
  return contract;
}

}  // namespace unreel::clip
