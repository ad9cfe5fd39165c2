// Who decides what an encoder's pictures go through.
#pragma once

#include <optional>
#include <string>

#include "clip/contract.h"
#include "image/preprocessing.h"

namespace unreel::onnx {
class Session;
}

namespace unreel::clip {

/// What one source says of the preprocessing; it need not say everything.
struct PreprocessingChoice {
  std::optional<image::Variant> variant;
  std::optional<WantedSize> size;
  std::optional<image::Normalization> normalization;
};

/**
 * What the model file itself says, in its ONNX metadata: `unreel.preprocessing`, the name of a variant;
 * `unreel.mean` and `unreel.std`, three numbers separated by commas. Its size stands in the input's shape. Throws
 * model_contract for values that are none.
 */
PreprocessingChoice declared_preprocessing(const onnx::Session& session, const std::string& model_path);

/**
 * The first that says it decides, field by field: the caller, the model file, the configuration beside it. Where the
 * model file names its variant, a configuration beside it is another model's and is not looked at. What nobody says is
 * CLIP's.
 */
PreprocessingChoice decided(const PreprocessingChoice& given, const PreprocessingChoice& declared,
                            const PreprocessingChoice& beside);

}  // namespace unreel::clip
