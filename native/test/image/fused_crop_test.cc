// From any layout, turned in any way, every target gives the crop of the plain code.
#include "image/fused_crop.h"

#include <gtest/gtest.h>

#include "base/simd_target.h"
#include "forms.h"
#include "image/crop_reference.h"
#include "image/preprocessing.h"

namespace unreel::image {
namespace {

using test::Bytes;
using test::Form;
using test::Noise;
using test::TargetGuard;
using test::vector_targets;

constexpr CropRule kRules[] = {CropRule::half_to_even, CropRule::floor, CropRule::floor_by_torch, CropRule::squash};

std::size_t size_of(int size) { return static_cast<std::size_t>(size) * static_cast<std::size_t>(size) * 3; }

/// What the kernels write, and whether they left what lies behind alone.
Bytes fused(const Picture& picture, const CropPlan& plan, int size) {
  Bytes out(size_of(size) + 64, 0xa5);
  fused_crop(picture, plan, out.data());
  EXPECT_TRUE(std::all_of(out.end() - 64, out.end(), [](std::uint8_t v) { return v == 0xa5; }));
  out.resize(size_of(size));
  return out;
}

Bytes reference(const Picture& picture, const CropPlan& plan, int size) {
  Bytes out(size_of(size));
  crop_reference(picture, plan, out.data());
  return out;
}

std::string description(const std::string& target, const Form& form, const Picture& picture, CropRule rule, int size) {
  return target + ", " + form.name + ", " + std::to_string(picture.width) + "x" + std::to_string(picture.height) +
         ", " + std::to_string(picture.quarter_turns) + " turns" + (picture.flipped ? ", flipped" : "") + ", rule " +
         std::to_string(static_cast<int>(rule)) + ", to " + std::to_string(size);
}

/// The picture in all eight placements.
void expect_equal(const std::string& target, const Form& form, Picture& picture, CropRule rule, int size) {
  for (int placement = 0; placement < 8; ++placement) {
    picture.quarter_turns = placement % 4;
    picture.flipped = placement >= 4;
    const CropPlan plan = crop_plan(rule, picture.shown_width(), picture.shown_height(), size);
    ASSERT_TRUE(fused(picture, plan, size) == reference(picture, plan, size))
        << description(target, form, picture, rule, size);
  }
}

/// The forms of the colour kernels, and those that have none.
std::vector<Form> all_forms() {
  std::vector<Form> forms = test::forms();
  forms.push_back({"ya8", 0, 0, {{0, 2, 0, 0, 8}, {0, 2, 1, 0, 8}}, false, true});
  forms.push_back({"gbrp10", 0, 0, {{2, 2, 0, 0, 10}, {0, 2, 0, 0, 10}, {1, 2, 0, 0, 10}}, true});
  forms.push_back({"gray16", 0, 0, {{0, 2, 0, 0, 16}}});
  forms.push_back(
      {"yuva420p", 1, 1, {{0, 1, 0, 0, 8}, {1, 1, 0, 0, 8}, {2, 1, 0, 0, 8}, {3, 1, 0, 0, 8}}, false, true});
  return forms;
}

TEST(FusedCrop, EqualsTheReferenceAtEverySmallSizeAndPlacement) {
  const TargetGuard guard;
  for (const std::string& target : vector_targets()) {
    set_simd_target(target);
    Random random(1);
    for (const Form& form : all_forms()) {
      for (int side = 1; side <= 50; ++side) {
        const int other = 1 + static_cast<int>(random.below(50));
        const bool wide = random.below(2) == 0;
        Noise noise(form, wide ? side : other, wide ? other : side, random);
        noise.picture.matrix = test::kMatrices[random.below(4)];
        noise.picture.range = test::kRanges[random.below(2)];
        noise.picture.alpha = random.below(2) == 0 ? Alpha::dropped : Alpha::on_black;
        const int size = 1 + static_cast<int>(random.below(40));
        expect_equal(target, form, noise.picture, kRules[random.below(4)], size);
      }
    }
  }
}

TEST(FusedCrop, EqualsTheReferenceAtTheSizesOfEncoders) {
  const TargetGuard guard;
  for (const std::string& target : vector_targets()) {
    set_simd_target(target);
    Random random(2);
    for (const Form& form : all_forms()) {
      for (const int size : {224, 336}) {
        // Shrinking, enlarging, strips.
        const int width = 1 + static_cast<int>(random.below(random.below(3) == 0 ? 60 : 900));
        const int height = 1 + static_cast<int>(random.below(random.below(3) == 0 ? 60 : 700));
        Noise noise(form, width, height, random);
        Picture& picture = noise.picture;
        picture.quarter_turns = static_cast<int>(random.below(4));
        picture.flipped = random.below(2) == 0;
        picture.alpha = Alpha::on_black;
        for (const CropRule rule : kRules) {
          const CropPlan plan = crop_plan(rule, picture.shown_width(), picture.shown_height(), size);
          ASSERT_TRUE(fused(picture, plan, size) == reference(picture, plan, size))
              << description(target, form, picture, rule, size);
        }
      }
    }
  }
}

TEST(FusedCrop, BeginsWithTheVerticalPassWherePillowDoes) {
  EXPECT_TRUE(crop_plan(CropRule::half_to_even, 3, 301, 2).vertical_first);
  EXPECT_FALSE(crop_plan(CropRule::half_to_even, 3, 300, 2).vertical_first);
  EXPECT_FALSE(crop_plan(CropRule::half_to_even, 3, 301, 3).vertical_first);  // nothing shrinks
  EXPECT_FALSE(crop_plan(CropRule::floor_by_torch, 3, 301, 2).vertical_first);
  EXPECT_TRUE(crop_plan(CropRule::squash, 3, 301, 224).vertical_first);
  const TargetGuard guard;
  for (const std::string& target : vector_targets()) {
    set_simd_target(target);
    Random random(6);
    for (const Form& form : all_forms()) {
      Noise upright(form, 3, 331, random);
      expect_equal(target, form, upright.picture, CropRule::half_to_even, 2);
      expect_equal(target, form, upright.picture, CropRule::squash, 20);
      Noise lying(form, 410, 4, random);
      expect_equal(target, form, lying.picture, CropRule::squash, 33);
    }
  }
}

TEST(FusedCrop, FollowsNegativeStrides) {
  const TargetGuard guard;
  for (const std::string& target : vector_targets()) {
    set_simd_target(target);
    Random random(3);
    const Form form = test::planar("yuv420p", 8, 1, 1);
    Noise noise(form, 84, 42, random);
    for (std::size_t p = 0; p < 3; ++p) {
      noise.picture.planes[p] += (p == 0 ? 41 : 20) * noise.picture.strides[p];
      noise.picture.strides[p] = -noise.picture.strides[p];
    }
    expect_equal(target, form, noise.picture, CropRule::half_to_even, 32);
  }
}

TEST(FusedCrop, ReadsAPalette) {
  const TargetGuard guard;
  Random random(4);
  std::vector<std::uint32_t> palette(256);
  for (std::uint32_t& entry : palette) entry = static_cast<std::uint32_t>(random.below(std::uint64_t{1} << 32));
  Noise noise({"pal8", 0, 0, {{0, 1, 0, 0, 8}}}, 91, 67, random);
  noise.picture.planes[1] = reinterpret_cast<const std::uint8_t*>(palette.data());
  noise.picture.layout.has_palette = true;
  for (const std::string& target : vector_targets()) {
    set_simd_target(target);
    for (const Alpha alpha : {Alpha::on_black, Alpha::dropped}) {
      noise.picture.alpha = alpha;
      expect_equal(target, {"pal8", 0, 0, {}}, noise.picture, CropRule::half_to_even, 32);
    }
  }
}

TEST(FusedCrop, IsWhatPreprocessDoesOnEveryTarget) {
  const TargetGuard guard;
  Random random(5);
  Noise noise(test::planar("yuv420p10", 10, 1, 1), 321, 247, random);
  const CropPlan plan = crop_plan(CropRule::half_to_even, 321, 247, 224);
  const Bytes expected = reference(noise.picture, plan, 224);
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    Bytes out(size_of(224));
    preprocess(noise.picture, {}, out.data());
    EXPECT_TRUE(out == expected) << target;
  }
}

}  // namespace
}  // namespace unreel::image
