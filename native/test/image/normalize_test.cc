#include "image/normalize.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "base/simd_target.h"
#include "forms.h"

namespace unreel::image {
namespace {

TEST(Normalize, EqualsTheFloat32FormulaInEveryBitOnEveryTarget) {
  const test::TargetGuard guard;
  const Normalization half{{0.5F, 0.5F, 0.5F}, {0.5F, 0.25F, 0.229F}};
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (const Normalization& normalization : {Normalization{}, half}) {
      // Sizes below and above a vector; 17 x 17 x 3 has every level in every channel.
      for (const int size : {1, 3, 17, 32}) {
        const int count = 2;
        const auto area = static_cast<std::size_t>(size) * static_cast<std::size_t>(size);
        std::vector<std::uint8_t> crops;
        for (std::size_t i = 0; i < 2 * 3 * area; ++i) crops.push_back(static_cast<std::uint8_t>(i * 37));
        std::vector<float> out(crops.size());
        normalize(crops.data(), count, size, normalization, out.data());
        for (std::size_t n = 0; n < 2; ++n) {
          for (std::size_t i = 0; i < area; ++i) {
            for (std::size_t c = 0; c < 3; ++c) {
              volatile float value = static_cast<float>(crops[3 * (n * area + i) + c]) / 255.0F;
              value = value - normalization.mean[c];
              value = value / normalization.std[c];
              const float expected = value;
              ASSERT_EQ(std::memcmp(&out[(3 * n + c) * area + i], &expected, sizeof expected), 0)
                  << target << ", size " << size << ", sample " << i;
            }
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace unreel::image
