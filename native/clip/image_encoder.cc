#include "clip/image_encoder.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <numeric>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/error.h"
#include "base/half.h"
#include "base/thread.h"
#include "clip/batch_choice.h"
#include "clip/pixels.h"
#include "clip/shared_model.h"
#include "onnx/library.h"
#include "onnx/session.h"

namespace unreel::clip {
namespace {

/// Crops that one run takes at most: throughput is flat from 8 on, memory is not.
constexpr int kLargestRun = 32;

/// Input memory that waits for its next run, at most: a few full batches.
constexpr std::size_t kKeptBytes = std::size_t{64} << 20;

onnx::ElementType element_type(PixelType type) {
  if (type == PixelType::float16) return onnx::ElementType::float16;
  return type == PixelType::uint8 ? onnx::ElementType::uint8 : onnx::ElementType::float32;
}

/// The memory of one run, bound to the session once.
class RunSlot {
 public:
  RunSlot(onnx::Session& session, const EncoderContract& contract, int batch)
      : batch_(batch), pixels_(pixel_bytes(contract) * static_cast<std::size_t>(batch)) {
    const std::size_t values = static_cast<std::size_t>(batch) * static_cast<std::size_t>(contract.dimension);
    onnx::TensorView output{contract.output, onnx::ElementType::float32, {batch, contract.dimension}, nullptr};
    if (contract.half_output) {
      half_embeddings_.resize(values);
      output.type = onnx::ElementType::float16;
      output.data = half_embeddings_.data();
    } else {
      embeddings_.resize(values);
      output.data = embeddings_.data();
    }
    const int size = contract.preprocessing.size;
    const int channels = contract.preprocessing.channels();
    std::vector<std::int64_t> shape{batch, channels, size, size};
    if (contract.channels_last) shape = {batch, size, size, channels};
    binding_ = session.bind({contract.input, element_type(contract.pixel_type), shape, pixels_.data()}, {output});
  }

  int batch() const { return batch_; }

  /// `count` crops, filled up to the batch with copies of the last: copies leave a scale over the batch as it is.
  void run(const std::uint8_t* crops, int count, const EncoderContract& contract, const CancelToken& cancel,
           const onnx::StopSignal& stop, float* embeddings) {
    fill_pixels(crops, count, contract, pixels_.data());
    const std::size_t bytes = pixel_bytes(contract);
    const std::uint8_t* last = pixels_.data() + bytes * static_cast<std::size_t>(count - 1);
    for (int i = count; i < batch_; ++i) std::memcpy(pixels_.data() + bytes * static_cast<std::size_t>(i), last, bytes);
    binding_->run(cancel, stop);
    const std::ptrdiff_t wanted = static_cast<std::ptrdiff_t>(count) * contract.dimension;
    if (contract.half_output) {
      std::transform(half_embeddings_.begin(), half_embeddings_.begin() + wanted, embeddings, half_to_float);
    } else {
      std::copy_n(embeddings_.begin(), wanted, embeddings);
    }
  }

 private:
  const int batch_;
  std::vector<std::uint8_t> pixels_;
  std::vector<float> embeddings_;
  std::vector<std::uint16_t> half_embeddings_;
  std::unique_ptr<onnx::Binding> binding_;
};

class OnnxImageEncoder final : public ImageEncoder {
 public:
  OnnxImageEncoder(std::shared_ptr<SharedModel> model, EncoderContract contract)
      : model_(std::move(model)), contract_(std::move(contract)) {}

  const EncoderContract& contract() const override { return contract_; }
  const std::string& device() const override { return device_; }

  void encode(const std::uint8_t* crops, int count, float* embeddings, const CancelToken& cancel) override {
    UNREEL_CHECK(crops != nullptr && embeddings != nullptr && count >= 1);
    const int step = contract_.batch_invariant ? contract_.fixed_batch.value_or(kLargestRun) : 1;
    for (int done = 0; done < count; done += step) {
      const int taken = std::min(step, count - done);
      const auto at = static_cast<std::size_t>(done);
      std::unique_ptr<RunSlot> slot = take_slot(contract_.fixed_batch.value_or(taken));
      slot->run(crops + at * contract_.preprocessing.bytes(), taken, contract_, cancel, stop_,
                embeddings + at * static_cast<std::size_t>(contract_.dimension));
      keep_slot(std::move(slot));
    }
  }

  int measure_batch(int threads, double budget_s, const CancelToken& cancel) override {
    if (!contract_.batch_invariant) return 1;
    const int largest = contract_.fixed_batch.value_or(kLargestRun);
    const std::vector<std::uint8_t> blank(contract_.preprocessing.bytes() * static_cast<std::size_t>(largest));
    return choose_batch([&](int batch) { return seconds_of(blank.data(), batch, threads, cancel); }, largest, budget_s);
  }

  void interrupt() override { stop_.trigger(); }

 private:
  /**
   * Each thread encodes `batch` pictures; the mean of the CPU time that it takes them. A session's work is done on the
   * calling thread, so other work on the machine, which would spoil the clock on the wall, is not counted.
   */
  double seconds_of(const std::uint8_t* pictures, int batch, int threads, const CancelToken& cancel) {
    std::vector<double> seconds(static_cast<std::size_t>(threads));
    parallel_for(seconds.size(), threads, [&](std::size_t first, std::size_t end) {
      std::vector<float> embeddings(static_cast<std::size_t>(batch) * static_cast<std::size_t>(contract_.dimension));
      for (std::size_t i = first; i < end; ++i) {
        const double begin = thread_cpu_seconds();
        encode(pictures, batch, embeddings.data(), cancel);
        seconds[i] = thread_cpu_seconds() - begin;
      }
    });
    return std::accumulate(seconds.begin(), seconds.end(), 0.0) / static_cast<double>(threads);
  }

  std::unique_ptr<RunSlot> take_slot(int batch) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      const auto free = std::find_if(free_slots_.begin(), free_slots_.end(),
                                     [&](const auto& slot) { return slot->batch() == batch; });
      if (free != free_slots_.end()) {
        std::unique_ptr<RunSlot> slot = std::move(*free);
        free_slots_.erase(free);
        return slot;
      }
    }
    return std::make_unique<RunSlot>(model_->session(), contract_, batch);
  }

  /// The latest are kept.
  void keep_slot(std::unique_ptr<RunSlot> slot) {
    const std::lock_guard<std::mutex> lock(mutex_);
    free_slots_.push_back(std::move(slot));
    std::size_t kept = 0;
    for (const auto& each : free_slots_) kept += pixel_bytes(contract_) * static_cast<std::size_t>(each->batch());
    if (kept > kKeptBytes) free_slots_.erase(free_slots_.begin());
  }

  const std::shared_ptr<SharedModel> model_;
  const EncoderContract contract_;
  const std::string device_ = "cpu";
  onnx::StopSignal stop_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<RunSlot>> free_slots_;  // before the session: they are bound to it
};

}  // namespace

std::shared_ptr<ImageEncoder> ImageEncoder::load(const std::string& path, const EncoderOptions& options) {
  UNREEL_CHECK(onnx::Library::loaded() != nullptr);
  const std::string device = options.device == "auto" ? "cpu" : options.device;
  std::shared_ptr<SharedModel> model = SharedModel::load(path, {options.threads, device});
  const PreprocessingChoice declared = declared_preprocessing(model->session(), path);
  const PreprocessingChoice choice = decided(options.given, declared, options.beside);
  EncoderContract contract = model->contract(choice.size);
  contract.declares_preprocessing = declared.variant.has_value();
  const bool tiles = contract.preprocessing.variant == image::Variant::luma_tiles;
  const bool wants_tiles = choice.variant == image::Variant::luma_tiles;
  if (tiles != wants_tiles || (tiles && options.given.normalization)) {
    throw Error(
        ErrorCode::invalid_argument,
        path + (tiles ? " takes luma-tiles, as its metadata says, and nothing else: leave the preprocessing out."
                      : " takes no luma-tiles: only a model file that declares them does."))
        .with("path", path);
  }
  if (choice.variant) contract.preprocessing.variant = *choice.variant;
  if (choice.normalization) contract.preprocessing.normalization = *choice.normalization;
  return std::make_shared<OnnxImageEncoder>(std::move(model), std::move(contract));
}

}  // namespace unreel::clip
