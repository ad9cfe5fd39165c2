#include "clip/preprocessing_choice.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "clip/image_encoder.h"
#include "clip/runtime.h"
#include "test/support/onnx_model.h"
#include "test/support/onnx_runtime.h"

namespace unreel::clip {
namespace {

using Metadata = std::vector<std::pair<std::string, std::string>>;

/// The preprocessing of a mean colour model with this metadata.
image::Preprocessing preprocessing_of(const Metadata& metadata, const PreprocessingChoice& given = {},
                                      const PreprocessingChoice& beside = {}) {
  test::OnnxModel model;
  model.input("pixel_values", test::OnnxType::float32, {-1, 3, -1, -1})
      .node("GlobalAveragePool", {"pixel_values"}, {"pooled"})
      .node("Flatten", {"pooled"}, {"image_embeds"})
      .output("image_embeds", test::OnnxType::float32, {-1, 3});
  for (const auto& [key, value] : metadata) model.metadata(key, value);
  load_runtime(test::onnx_runtime_path());
  const std::string path = model.save(::testing::TempDir() + "preprocessing_choice_test.onnx");
  return ImageEncoder::load(path, {1, "cpu", given, beside})->contract().preprocessing;
}

PreprocessingChoice half_and(int size, const std::string& source) {
  PreprocessingChoice choice;
  choice.size = WantedSize{size, source};
  choice.normalization = image::Normalization{{0.5F, 0.5F, 0.5F}, {0.25F, 0.25F, 0.25F}};
  return choice;
}

TEST(PreprocessingChoice, WhatNobodySaysIsClips) {
  const image::Preprocessing preprocessing = preprocessing_of({});
  EXPECT_EQ(preprocessing.variant, image::Variant::clip);
  EXPECT_EQ(preprocessing.size, 224);
  EXPECT_EQ(preprocessing.normalization.mean, image::Normalization().mean);
}

TEST(PreprocessingChoice, TheFileSaysItsMeanAndDeviation) {
  const image::Preprocessing preprocessing =
      preprocessing_of({{"unreel.mean", "0.5,0.25,0.125"}, {"unreel.std", "1,2,3"}});
  EXPECT_EQ(preprocessing.normalization.mean, (std::array<float, 3>{0.5F, 0.25F, 0.125F}));
  EXPECT_EQ(preprocessing.normalization.std, (std::array<float, 3>{1, 2, 3}));
}

TEST(PreprocessingChoice, TheCallerGoesBeforeTheFileAndTheFileBeforeAConfigurationBeside) {
  const Metadata declared{{"unreel.mean", "0.1,0.1,0.1"}, {"unreel.std", "1,1,1"}};
  EXPECT_EQ(preprocessing_of(declared, half_and(336, "caller")).normalization.mean[0], 0.5F);
  EXPECT_EQ(preprocessing_of(declared, {}, half_and(336, "beside")).normalization.mean[0], 0.1F);
  EXPECT_EQ(preprocessing_of(declared, {}, half_and(336, "beside")).size, 336) << "the file says no size";
  EXPECT_EQ(preprocessing_of({}, {}, half_and(336, "beside")).normalization.mean[0], 0.5F);
}

TEST(PreprocessingChoice, BesideAFileThatNamesItsVariantAConfigurationIsAnotherModels) {
  const image::Preprocessing preprocessing =
      preprocessing_of({{"unreel.preprocessing", "clip"}}, {}, half_and(336, "beside"));
  EXPECT_EQ(preprocessing.size, 224);
  EXPECT_EQ(preprocessing.normalization.mean, image::Normalization().mean);
}

TEST(PreprocessingChoice, WrongMetadataIsRefusedByItsKey) {
  const std::vector<std::pair<Metadata, std::string>> wrong{
      {{{"unreel.preprocessing", "fisheye"}}, "unreel.preprocessing"},
      {{{"unreel.mean", "0,0,0"}}, "unreel.std"},
      {{{"unreel.std", "1,1,1"}}, "unreel.mean"},
      {{{"unreel.mean", "0,0"}, {"unreel.std", "1,1,1"}}, "unreel.mean"},
      {{{"unreel.mean", "0,0,0,0"}, {"unreel.std", "1,1,1"}}, "unreel.mean"},
      {{{"unreel.mean", "0,0,nan"}, {"unreel.std", "1,1,1"}}, "unreel.mean"},
      {{{"unreel.mean", "0,0,0"}, {"unreel.std", "1,0,1"}}, "unreel.std"},
      {{{"unreel.mean", ""}, {"unreel.std", "1,1,1"}}, "unreel.mean"},
  };
  for (const auto& [metadata, key] : wrong) {
    try {
      preprocessing_of(metadata);
      ADD_FAILURE() << "accepted a wrong " << key;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::model_contract);
      EXPECT_NE(error.message().find("metadata " + key), std::string::npos) << error.message();
    }
  }
}

TEST(PreprocessingChoice, LumaTilesAreTheFilesAloneToAskFor) {
  PreprocessingChoice tiles;
  tiles.variant = image::Variant::luma_tiles;
  tiles.size = WantedSize{224, "caller"};
  try {
    preprocessing_of({}, tiles);
    FAIL() << "a CLIP took tiles";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
    EXPECT_NE(error.message().find("takes no luma-tiles"), std::string::npos) << error.message();
  }
}

}  // namespace
}  // namespace unreel::clip
