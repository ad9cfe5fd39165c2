// An image encoder: preprocessed pictures in, embeddings out.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/cancel_token.h"
#include "clip/contract.h"
#include "clip/preprocessing_choice.h"

namespace unreel::clip {

struct EncoderOptions {
  int threads = 1;             ///< intra-op threads
  std::string device = "cpu";  ///< "cpu" or "auto"
  PreprocessingChoice given;   ///< by the caller, goes before what the model file says
  PreprocessingChoice beside;  ///< by a configuration beside the model file, comes after it
};

/**
 * One user's encoder. The session behind it is shared with everybody who loads the same file. Thread-safe: several
 * threads may encode at once; the memory of their runs is kept for the next ones.
 */
class ImageEncoder {
 public:
  /**
   * Loads and checks the model, after load_runtime() has succeeded; see read_contract() for what it must be. Extra
   * outputs are never fetched. 'auto' is the best device this build has: the CPU. Throws model_not_found,
   * is_a_directory, not_readable, model_invalid, model_contract (says what was expected and what was found),
   * device_unavailable, inference_failed (the model loads but does not run), out_of_memory.
   */
  static std::shared_ptr<ImageEncoder> load(const std::string& path, const EncoderOptions& options);
  virtual ~ImageEncoder() = default;

  virtual const EncoderContract& contract() const = 0;
  virtual const std::string& device() const = 0;  ///< where it runs: "cpu"

  /**
   * crops: count x contract().preprocessing.bytes() bytes; embeddings: count x dimension floats, as the model gives
   * them (not normalised). Any count >= 1. An embedding's bytes depend on its crop alone, not on its neighbours or on
   * count: a fixed batch is filled up with copies and cut, a model that is not batch_invariant runs one crop at a time.
   * Cancellation is seen between runs. Throws inference_failed, aborted, out_of_memory.
   */
  virtual void encode(const std::uint8_t* crops, int count, float* embeddings, const CancelToken& cancel) = 0;

  /**
   * The batch that is worth its memory when `threads` threads encode at once, found by encoding blank pictures for
   * `budget_s` seconds or so (choose_batch()). Throws as encode().
   */
  virtual int measure_batch(int threads, double budget_s, const CancelToken& cancel) = 0;

  /// For good: this user's running and later encode() calls end with aborted, within milliseconds. Any thread.
  virtual void interrupt() = 0;
};

}  // namespace unreel::clip
