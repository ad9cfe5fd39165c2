// What a model file promises, read from the file and never assumed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "image/preprocessing.h"

namespace unreel::onnx {
class Session;
}

namespace unreel::clip {

/// What a model's pixels are. uint8: the bytes as they are, the model itself normalises them.
enum class PixelType { float32, float16, uint8 };

/// A size of pictures that somebody asks for, and who, for messages.
struct WantedSize {
  int size = 0;
  std::string source;
};

/// The kind of image encoder that a model file holds.
struct EncoderContract {
  std::string input;                          ///< name of the pictures' input ("pixel_values")
  std::string output;                         ///< name of the [batch, dimension] output ("image_embeds")
  image::Preprocessing preprocessing;         ///< what the model's pictures go through
  bool declares_preprocessing = false;        ///< the file itself names its variant
  int dimension = 0;                          ///< 512; found by a trial run where the file leaves it open
  std::optional<int> fixed_batch;             ///< set when the file fixes the batch axis
  PixelType pixel_type = PixelType::float32;  ///< of the input
  bool channels_last = false;                 ///< the input is [batch, size, size, 3]
  bool half_output = false;                   ///< the output is float16
  std::string precision;  ///< "fp32", "fp16", "int8", "int4", "bf16" or "fp64": what most weights are stored as
  /**
   * Whether an embedding is the same bytes whatever pictures share its run. False for dynamically quantised graphs:
   * DynamicQuantizeLinear takes one scale from the whole batch. Such a model is run one picture at a time.
   */
  bool batch_invariant = true;
  std::vector<std::string> external_files;  ///< files beside the model that hold weights, sorted; mostly none
};

/**
 * Reads the contract of the session's model and proves it by one run on a blank picture: one input [batch, 3, size,
 * size] or [batch, size, size, 3] of float32, float16 or uint8, or, where the file declares luma-tiles, [batch, 16,
 * size, size] of uint8; one 2-D float output of embeddings. Where the file leaves height and width open (exports with
 * all axes dynamic), the size is the `wanted` one, else the first of CLIP's sizes that the model runs with: 224, 336,
 * 240, 256, 288, 384, 448. With a fixed position embedding only the true one does. The preprocessing's variant is
 * luma_tiles where the file declares it; else it is left as it is by default, as the normalisation is. Throws
 * model_contract (details `expected`, `found`; another size than the wanted one too), model_invalid, inference_failed,
 * out_of_memory.
 */
EncoderContract read_contract(onnx::Session& session, const std::string& model_path,
                              const std::optional<WantedSize>& wanted = std::nullopt);

}  // namespace unreel::clip
