#include "image/preprocessing.h"

#include <vector>

#include "image/color.h"

namespace unreel::image {
namespace {

struct VariantRow {
  Variant variant;
  const char* name;
};

constexpr VariantRow kVariants[] = {
    {Variant::clip, "clip"},
    {Variant::luma_tiles, "luma-tiles"},
};

}  // namespace

const char* name_of(Variant variant) {
  for (const VariantRow& row : kVariants) {
    if (row.variant == variant) return row.name;
  }
  return "";
}

std::optional<Variant> variant_named(const std::string& name) {
  for (const VariantRow& row : kVariants) {
    if (row.name == name) return row.variant;
  }
  return std::nullopt;
}

std::string variant_names() {
  std::string names;
  for (const VariantRow& row : kVariants) names += (names.empty() ? "" : ", ") + std::string(row.name);
  return names;
}

void preprocess(const Picture& picture, const Preprocessing& preprocessing, std::uint8_t* out) {
  if (preprocessing.variant == Variant::luma_tiles) return luma_tiles(picture, preprocessing.size, out);
  const int width = picture.shown_width();
  const int height = picture.shown_height();
  std::vector<std::uint8_t> rgb(static_cast<std::size_t>(width) * height * 3);
  to_rgb(picture, rgb.data());
  clip_crop(rgb.data(), width, height, preprocessing.size, out);
}

}  // namespace unreel::image
