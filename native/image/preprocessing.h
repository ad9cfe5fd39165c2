// What becomes of a picture before an encoder sees it: one of a few named recipes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "image/clip_crop.h"
#include "image/luma_tiles.h"
#include "image/picture.h"

namespace unreel::image {

/// The recipes, by the names that users type (name_of()).
enum class Variant {
  clip,        ///< "clip", OpenAI's: Pillow's antialiased bicubic, torchvision's centre crop (halves to even)
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
