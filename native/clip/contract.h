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

/// The kind of image encoder that a model file holds.
struct EncoderContract {
  std::string input;                   ///< name of the [batch, 3, size, size] input ("pixel_values")
  std::string output;                  ///< name of the [batch, dimension] output ("image_embeds")
  image::Preprocessing preprocessing;  ///< what the model's pictures go through
  int dimension = 0;                   ///< 512; found by a trial run where the file leaves it open
  std::optional<int> fixed_batch;      ///< set when the file fixes the batch axis
  bool half_input = false;             ///< the input is float16
  bool half_output = false;            ///< the output is float16
  std::string precision;  ///< "fp32", "fp16", "int8", "int4", "bf16" or "fp64": what most weights are stored as
  /**
   * Whether an embedding is the same bytes whatever pictures share its run. False for dynamically quantised graphs:
   * DynamicQuantizeLinear takes one scale from the whole batch. Such a model is run one picture at a time.
   */
  bool batch_invariant = true;
  std::vector<std::string> external_files;  ///< files beside the model that hold weights, sorted; mostly none
};

/**
 * Reads the contract of the session's model and proves it by one run on a blank picture. Where the file leaves height
 * and width open (exports with all axes dynamic), the size is the first of CLIP's sizes that the model runs with:
 * 224, 336, 240, 256, 288, 384, 448. With a fixed position embedding only the true one does.
 * Throws model_contract (details `expected`, `found`), model_invalid, inference_failed, out_of_memory.
 */
EncoderContract read_contract(onnx::Session& session, const std::string& model_path);

}  // namespace unreel::clip
