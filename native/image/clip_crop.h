// CLIP's preprocessing of one RGB picture, equal to Pillow's bicubic and torchvision's centre crop in every byte.
#pragma once

#include <array>
#include <cstdint>

namespace unreel::image {

/**
 * Short side to `size` (long side truncated), Pillow's antialiased bicubic on 8 bits, centre crop size x size.
 * rgb: height x width x 3; out: size x size x 3. width, height, size >= 1. Thread-safe; scratch memory is its own.
 *
 * The horizontal pass comes first and its result is rounded to bytes, as in every Pillow up to 12.x. Pillow 13 runs the
 * vertical pass first for some tall pictures (python-pillow/Pillow#9549), which gives other bytes there.
 * Source: Pillow 12.3 src/libImaging/Resample.c; torchvision Resize and CenterCrop (halves to even) on PIL images.
 */
void clip_crop(const std::uint8_t* rgb, int width, int height, int size, std::uint8_t* out);

/// Per channel mean and standard deviation on the 0..1 scale.
struct Normalization {
  std::array<float, 3> mean{0.48145466F, 0.4578275F, 0.40821073F};
  std::array<float, 3> std{0.26862954F, 0.26130258F, 0.27577711F};
};

/// crops: count x size x size x 3 bytes; out: count x 3 x size x size floats, ((v / 255) - mean) / std in float32.
void normalize(const std::uint8_t* crops, int count, int size, const Normalization& normalization, float* out);

}  // namespace unreel::image
