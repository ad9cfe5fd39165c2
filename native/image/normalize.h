// From bytes of RGB to what an encoder takes.
#pragma once

#include <array>
#include <cstdint>

namespace unreel::image {

/// Per channel mean and standard deviation on the 0..1 scale.
struct Normalization {
  std::array<float, 3> mean{0.48145466F, 0.4578275F, 0.40821073F};
  std::array<float, 3> std{0.26862954F, 0.26130258F, 0.27577711F};
};

/// crops: count x size x size x 3 bytes; out: count x 3 x size x size floats, ((v / 255) - mean) / std in float32.
void normalize(const std::uint8_t* crops, int count, int size, const Normalization& normalization, float* out);

}  // namespace unreel::image
