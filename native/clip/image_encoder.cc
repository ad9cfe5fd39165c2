#include "clip/image_encoder.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "base/check.h"
#include "clip/half.h"
#include "onnx/library.h"
#include "onnx/session.h"

namespace unreel::clip {
namespace {

/// Crops that one run takes at most: throughput is flat from 8 on, memory is not.
constexpr int kLargestRun = 32;

/// Memory of one encode call, reused from run to run.
struct Scratch {
  std::vector<float> pixels;
  std::vector<std::uint16_t> half_pixels;
  std::vector<float> embeddings;
  std::vector<std::uint16_t> half_embeddings;
};

class OnnxImageEncoder final : public ImageEncoder {
 public:
  OnnxImageEncoder(std::unique_ptr<onnx::Session> session, EncoderContract contract)
      : session_(std::move(session)), contract_(std::move(contract)) {}

  const EncoderContract& contract() const override { return contract_; }
  const std::string& device() const override { return device_; }

  void encode(const std::uint8_t* crops, int count, float* embeddings, const CancelToken& cancel) override {
    UNREEL_CHECK(crops != nullptr && embeddings != nullptr && count >= 1);
    const std::size_t crop_bytes = contract_.preprocessing.bytes();
    const int step = contract_.batch_invariant ? contract_.fixed_batch.value_or(kLargestRun) : 1;
    Scratch scratch;
    for (int done = 0; done < count; done += step) {
      const int taken = std::min(step, count - done);
      run(crops + static_cast<std::size_t>(done) * crop_bytes, taken,
          embeddings + static_cast<std::size_t>(done) * contract_.dimension, scratch, cancel);
    }
  }

  void interrupt() override { session_->interrupt(); }

 private:
  void run(const std::uint8_t* crops, int count, float* embeddings, Scratch& scratch, const CancelToken& cancel) {
    const int batch = contract_.fixed_batch.value_or(count);
    onnx::TensorView input = fill_input(crops, count, batch, scratch);
    onnx::TensorView output{contract_.output, onnx::ElementType::float32, {batch, contract_.dimension}, nullptr};
    const std::size_t values = static_cast<std::size_t>(batch) * contract_.dimension;
    const std::size_t wanted = static_cast<std::size_t>(count) * contract_.dimension;
    if (contract_.half_output) {
      scratch.half_embeddings.resize(values);
      output.type = onnx::ElementType::float16;
      output.data = scratch.half_embeddings.data();
    } else if (batch == count) {
      output.data = embeddings;
    } else {
      scratch.embeddings.resize(values);
      output.data = scratch.embeddings.data();
    }
    session_->run(input, {output}, cancel);
    if (contract_.half_output) {
      std::transform(scratch.half_embeddings.begin(), scratch.half_embeddings.begin() + wanted, embeddings,
                     half_to_float);
    } else if (batch != count) {
      std::copy_n(scratch.embeddings.begin(), wanted, embeddings);
    }
  }

  /// `count` normalised crops, filled up to `batch` with copies of the last: copies leave a scale over the batch as it
  /// is.
  onnx::TensorView fill_input(const std::uint8_t* crops, int count, int batch, Scratch& scratch) {
    const int size = contract_.preprocessing.size;
    const std::size_t values = static_cast<std::size_t>(3) * size * size;
    scratch.pixels.resize(values * batch);
    image::normalize(crops, count, size, contract_.preprocessing.normalization, scratch.pixels.data());
    const float* last = scratch.pixels.data() + values * (count - 1);
    for (int i = count; i < batch; ++i) std::copy_n(last, values, scratch.pixels.data() + values * i);

    onnx::TensorView input{contract_.input, onnx::ElementType::float32, {batch, 3, size, size}, scratch.pixels.data()};
    if (contract_.half_input) {
      scratch.half_pixels.resize(scratch.pixels.size());
      std::transform(scratch.pixels.begin(), scratch.pixels.end(), scratch.half_pixels.begin(), float_to_half);
      input.type = onnx::ElementType::float16;
      input.data = scratch.half_pixels.data();
    }
    return input;
  }

  const std::unique_ptr<onnx::Session> session_;
  const EncoderContract contract_;
  const std::string device_ = "cpu";
};

}  // namespace

std::shared_ptr<ImageEncoder> ImageEncoder::load(const std::string& path, const EncoderOptions& options) {
  const onnx::Library* library = onnx::Library::loaded();
  UNREEL_CHECK(library != nullptr);
  const std::string device = options.device == "auto" ? "cpu" : options.device;
  std::unique_ptr<onnx::Session> session = onnx::Session::open(*library, path, {options.threads, device});
  EncoderContract contract = read_contract(*session, path);
  return std::make_shared<OnnxImageEncoder>(std::move(session), std::move(contract));
}

}  // namespace unreel::clip
