// What becomes of a picture before an encoder sees it: one of a few named recipes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "image/luma_tiles.h"
#include "image/normalize.h"
#include "image/picture.h"

namespace unreel::image {

/**
 * The recipes, by the names that users type (name_of()). All but "squash" bring the short side to `size` (the long side
 * truncated) and keep the square in the middle. Every resize is bicubic with a = -0.5, stretched where it shrinks.
 *
 * Pillow's runs the horizontal pass first and rounds its result to bytes; a picture more than 100 times as high as wide
 * that shrinks begins with the vertical one. So does every Pillow 12. Pillow 13 begins with it for more of the tall
 * pictures (python-pillow/Pillow#9549), which gives other bytes there.
 * Source: Pillow 12.3 src/libImaging/Resample.c; torchvision Resize and CenterCrop on PIL images; transformers 5
 * CLIPImageProcessor; PyTorch 2 aten/src/ATen/native/cpu/UpSampleKernel.cpp.
 */
enum class Variant {
  clip,        ///< "clip", OpenAI's: Pillow's resize, the crop's offset rounded half to even
  hf,          ///< "hf", transformers on PIL images: Pillow's resize, the offset rounded down
  hf_tensor,   ///< "hf-tensor", transformers 5 by default: PyTorch's resize of bytes, the offset rounded down
  squash,      ///< "squash": Pillow's resize of both sides to `size`, nothing cropped
  luma_tiles,  ///< "luma-tiles": see luma_tiles(); a model file alone can ask for it
};

const char* name_of(Variant variant);
std::optional<Variant> variant_named(const std::string& name);
/// All names, for messages: "clip, ...".
std::string variant_names();

/// One encoder's preprocessing.
struct Preprocessing {
  Variant variant = Variant::clip;
  int size = 224;  ///< side of the square crop, or of a tile
  Normalization normalization;

  int channels() const { return variant == Variant::luma_tiles ? kLumaTiles : 3; }
  /// Of one preprocessed picture.
  std::size_t bytes() const { return static_cast<std::size_t>(channels()) * size * size; }
};

/**
 * out: size x size x 3 bytes of RGB, of the picture turned upright; luma-tiles: kLumaTiles x size x size bytes.
 * Thread-safe; scratch memory is its own. Throws as to_rgb().
 */
void preprocess(const Picture& picture, const Preprocessing& preprocessing, std::uint8_t* out);

}  // namespace unreel::image
