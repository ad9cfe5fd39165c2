// One loaded ONNX model.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/cancel_token.h"
#include "onnx/library.h"

namespace unreel::onnx {

enum class ElementType { float32, float16, uint8, int64, int32, other };

/// A model's input or output as its file declares it. A dynamic dimension is -1; no shape at all is an empty `shape`.
struct TensorInfo {
  std::string name;
  ElementType type = ElementType::other;
  std::vector<std::int64_t> shape;
};

/// "image_embeds float32[?, 512]", for messages.
std::string describe(const TensorInfo& tensor);
/// Several, separated by ", "; "none" for an empty list.
std::string describe(const std::vector<TensorInfo>& tensors);

struct SessionOptions {
  int threads = 1;             ///< intra-op threads, >= 1; spinning is always off
  std::string device = "cpu";  ///< "cpu"; "cuda" comes with its own provider. Anything else: device_unavailable
};

/// A borrowed tensor: data of `shape` elements in C order, owned by the caller for the whole run.
struct TensorView {
  std::string name;
  ElementType type = ElementType::float32;
  std::vector<std::int64_t> shape;
  void* data = nullptr;
};

/// Ends the runs that were begun with it, and nobody else's: a session has many users.
class StopSignal {
 public:
  /// After Library::load() succeeded.
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  /// For good: whatever runs with it now ends as soon as its present operator is done, and every later run is refused,
  /// each with `aborted`. Any thread, any number of times.
  void trigger();
  bool triggered() const;

 private:
  friend class OrtBinding;
  struct State;
  const std::unique_ptr<State> state_;
};

/// A session's input and outputs tied to the caller's memory once, to be run many times. One thread at a time. The
/// session and the memory outlive it.
class Binding {
 public:
  virtual ~Binding() = default;

  /**
   * Reads the input and writes the outputs that were bound. Throws inference_failed (also when an output has another
   * shape than its view), aborted (the token was cancelled before the run, or `stop` was triggered), out_of_memory.
   */
  virtual void run(const CancelToken& cancel, const StopSignal& stop) = 0;
};

/**
 * Thread-safe: bindings of several threads may run at once; with one intra-op thread all work is done on the calling
 * thread. Denormals count as zero while the model runs; the caller's own floating-point mode is the same before and
 * after.
 */
class Session {
 public:
  /**
   * All graph optimisations, sequential execution, no spinning threads. Throws model_not_found, is_a_directory,
   * not_readable, model_invalid (ORT's own words in the message), device_unavailable (detail `missing`).
   */
  static std::unique_ptr<Session> open(const Library& library, const std::string& model_path,
                                       const SessionOptions& options);
  virtual ~Session() = default;

  virtual const std::vector<TensorInfo>& inputs() const = 0;
  virtual const std::vector<TensorInfo>& outputs() const = 0;

  /// `outputs`: those wanted, by name; others are never fetched. Throws inference_failed for a name that is not there.
  virtual std::unique_ptr<Binding> bind(const TensorView& input, const std::vector<TensorView>& outputs) = 0;

  /// The file's own metadata (ONNX metadata_props); nothing where it has no such key.
  virtual std::optional<std::string> metadata(const std::string& key) const = 0;

  /// Runs the model once and tells the shape of the output named `output`, which the file may leave open. Throws as
  /// Binding::run().
  virtual std::vector<std::int64_t> shape_of(const TensorView& input, const std::string& output) = 0;
};

}  // namespace unreel::onnx
