#include "image/preprocessing.h"

#include <optional>

#include "base/simd_target.h"
#include "image/crop_plan.h"
#include "image/crop_reference.h"
#include "image/fused_crop.h"

namespace unreel::image {
namespace {

struct VariantRow {
  Variant variant;
  const char* name;
  std::optional<CropRule> rule;  ///< none: no resize
};

constexpr VariantRow kVariants[] = {
    {Variant::clip, "clip", CropRule::half_to_even},
    {Variant::hf, "hf", CropRule::floor},
    {Variant::hf_tensor, "hf-tensor", CropRule::floor_by_torch},
    {Variant::squash, "squash", CropRule::squash},
    {Variant::luma_tiles, "luma-tiles", std::nullopt},
};

void crop(const Picture& picture, CropRule rule, int size, std::uint8_t* out) {
  const CropPlan plan = crop_plan(rule, picture.shown_width(), picture.shown_height(), size);
  if (simd_target() == kScalarTarget) {
    crop_reference(picture, plan, out);
  } else {
    fused_crop(picture, plan, out);
  }
}

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
  for (const VariantRow& row : kVariants) {
    if (row.variant == preprocessing.variant) crop(picture, *row.rule, preprocessing.size, out);
  }
}

}  // namespace unreel::image
