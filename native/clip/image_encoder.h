// A CLIP image encoder: RGB crops in, embeddings out.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/cancel_token.h"
#include "image/clip_crop.h"

namespace unreel::onnx {
class Library;
}

namespace unreel::clip {

/// What the model file says of itself, read from the file and never assumed.
struct EncoderContract {
  std::string input;                      ///< name of the [batch, 3, size, size] input ("pixel_values")
  std::string output;                     ///< name of the [batch, dimension] output ("image_embeds")
  int image_size = 0;                     ///< 224
  int dimension = 0;                      ///< 512; found by a trial run where the file leaves it open
  std::optional<int> fixed_batch;         ///< set when the file fixes the batch axis
  bool half_input = false;                ///< the input is float16
  bool half_output = false;
  std::string precision;                  ///< "fp32", "fp16" or "int8": by the weights' types
};

struct EncoderOptions {
  int threads = 1;             ///< intra-op threads
  std::string device = "cpu";  ///< "cpu" or "auto"
  image::Normalization normalization;
};

/// Thread-safe: several threads may encode at once; each call brings its own scratch memory.
class ImageEncoder {
 public:
  /**
   * Loads and checks the model: one 4-D float image input with 3 channels and a square size, one 2-D float output of
   * embeddings (`image_embeds` first; else the only 2-D float output). Extra outputs are ignored, never computed where
   * ORT allows. Throws model_not_found, model_invalid, model_contract (says what was expected and what was found).
   */
  static std::shared_ptr<ImageEncoder> load(const onnx::Library& library, const std::string& path, const EncoderOptions& options);
  virtual ~ImageEncoder() = default;

  virtual const EncoderContract& contract() const = 0;
  virtual const std::string& device() const = 0;  ///< where it runs: "cpu"

  /**
   * crops: count x size x size x 3 bytes of RGB; embeddings: count x dimension floats, as the model gives them (not
   * normalised). Any count >= 1: a fixed batch is padded and cut. Throws inference_failed, aborted.
   */
  virtual void encode(const std::uint8_t* crops, int count, float* embeddings, const CancelToken& cancel) = 0;
};

}  // namespace unreel::clip
