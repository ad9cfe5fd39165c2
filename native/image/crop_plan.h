// The geometry of a variant: to what size a picture is resized, and which square of that is kept.
#pragma once

#include <cstdint>

#include "image/resize_axis.h"

namespace unreel::image {

/// The recipes that end in a square of RGB, as far as their geometry and arithmetic go.
enum class CropRule {
  half_to_even,    ///< short side to size (long side truncated), centre crop, halves to even: torchvision on PIL images
  floor,           ///< the same with the crop's offset rounded down: transformers
  floor_by_torch,  ///< the same geometry, resized as PyTorch resizes tensors of bytes
  squash,          ///< both sides to size, nothing cropped
};

/// Both axes of a crop. The first pass is rounded to bytes, so that its direction decides some of them.
struct CropPlan {
  AxisSpec columns;
  AxisSpec rows;
  /// Pillow's way with pictures more than 100 times as high as wide that shrink; all others begin with the horizontal
  /// pass. Source: Pillow 12.3 src/PIL/Image.py, resize().
  bool vertical_first = false;
};

/// Of an upright picture of width x height; all sizes >= 1.
CropPlan crop_plan(CropRule rule, int width, int height, int size);

}  // namespace unreel::image
