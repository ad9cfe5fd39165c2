#include "clip/contract.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "onnx/model_file.h"
#include "onnx/session.h"
#include "test/support/assets.h"
#include "test/support/onnx_model.h"
#include "test/support/onnx_runtime.h"

namespace unreel::clip {
namespace {

using test::OnnxModel;
using test::OnnxType;

constexpr auto kFloat = OnnxType::float32;

std::string temporary() { return ::testing::TempDir() + "contract_test.onnx"; }

EncoderContract contract_of(const std::string& path) {
  const auto session = onnx::Session::open(test::onnx_runtime(), path, {});
  return read_contract(*session, path);
}

EncoderContract contract_of(const OnnxModel& model) { return contract_of(model.save(temporary())); }

/// Mean colour: the smallest model that keeps the contract.
OnnxModel mean_color(const std::vector<std::int64_t>& input, const std::vector<std::int64_t>& output,
                     const std::string& name = "image_embeds") {
  OnnxModel model;
  model.input("pixel_values", kFloat, input)
      .node("GlobalAveragePool", {"pixel_values"}, {"pooled"})
      .node("Flatten", {"pooled"}, {name})
      .output(name, kFloat, output);
  return model;
}

void expect_refused(const OnnxModel& model, const std::string& found) {
  try {
    contract_of(model);
    ADD_FAILURE() << "accepted: " << found;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::model_contract) << error.message();
    EXPECT_NE(error.message().find(found), std::string::npos) << error.message();
  }
}

TEST(Contract, ReadsNamesSizeAndDimension) {
  const EncoderContract contract = contract_of(mean_color({-1, 3, 96, 96}, {-1, 3}, "embedding"));
  EXPECT_EQ(contract.input, "pixel_values");
  EXPECT_EQ(contract.output, "embedding");
  EXPECT_EQ(contract.preprocessing.size, 96);
  EXPECT_EQ(contract.dimension, 3);
  EXPECT_FALSE(contract.fixed_batch.has_value());
  EXPECT_TRUE(contract.batch_invariant);
}

TEST(Contract, OpenAxesAreFoundByATrialRun) {
  const EncoderContract contract = contract_of(mean_color({-1, -1, -1, -1}, {-1, -1}));
  EXPECT_EQ(contract.preprocessing.size, 224);
  EXPECT_EQ(contract.dimension, 3);
}

TEST(Contract, TheTrueSizeIsTheOneThatTheModelRunsWith) {
  OnnxModel model;  // a position for each of 21 x 21 patches of 16 pixels: 336
  model.input("pixel_values", kFloat, {-1, 3, -1, -1})
      .constant("position", {1, 3, 21, 21}, std::vector<float>(3 * 21 * 21, 0.5F))
      .node("AveragePool", {"pixel_values"}, {"patches"},
            {{"kernel_shape", {16, 16}, true}, {"strides", {16, 16}, true}})
      .node("Add", {"patches", "position"}, {"placed"})
      .node("GlobalAveragePool", {"placed"}, {"pooled"})
      .node("Flatten", {"pooled"}, {"image_embeds"})
      .output("image_embeds", kFloat, {-1, -1});
  EXPECT_EQ(contract_of(model).preprocessing.size, 336);
}

TEST(Contract, ASizeThatNoClipHasIsRefused) {
  OnnxModel model;
  model.input("pixel_values", kFloat, {-1, 3, -1, -1})
      .constant("position", {1, 3, 5, 5}, std::vector<float>(75))
      .node("Add", {"pixel_values", "position"}, {"placed"})
      .node("GlobalAveragePool", {"placed"}, {"pooled"})
      .node("Flatten", {"pooled"}, {"image_embeds"})
      .output("image_embeds", kFloat, {-1, -1});
  expect_refused(model, "at 224: ");
}

TEST(Contract, AWantedSizeIsTakenWhereTheFileLeavesItOpenAndDemandedWhereNot) {
  const std::string open = mean_color({-1, -1, -1, -1}, {-1, -1}).save(temporary());
  const auto session = onnx::Session::open(test::onnx_runtime(), open, {});
  EXPECT_EQ(read_contract(*session, open, WantedSize{336, "a test"}).preprocessing.size, 336);
  const std::string fixed = mean_color({-1, 3, 96, 96}, {-1, 3}).save(temporary());
  const auto other = onnx::Session::open(test::onnx_runtime(), fixed, {});
  EXPECT_EQ(read_contract(*other, fixed, WantedSize{96, "a test"}).preprocessing.size, 96);
  try {
    read_contract(*other, fixed, WantedSize{224, "a test"});
    FAIL() << "accepted another size";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::model_contract);
    EXPECT_NE(error.message().find("pictures of 224 x 224, as a test says"), std::string::npos) << error.message();
  }
}

TEST(Contract, ChannelsMayComeLastAndPixelsMayBeBytes) {
  OnnxModel model;
  model.input("pixels", OnnxType::uint8, {-1, 32, 32, 3})
      .node("Cast", {"pixels"}, {"wide"}, {{"to", {1}, false}})
      .node("Transpose", {"wide"}, {"planes"}, {{"perm", {0, 3, 1, 2}, true}})
      .node("GlobalAveragePool", {"planes"}, {"pooled"})
      .node("Flatten", {"pooled"}, {"image_embeds"})
      .output("image_embeds", kFloat, {-1, 3});
  const EncoderContract contract = contract_of(model);
  EXPECT_TRUE(contract.channels_last);
  EXPECT_EQ(contract.pixel_type, PixelType::uint8);
  EXPECT_EQ(contract.preprocessing.size, 32);
  EXPECT_FALSE(contract_of(mean_color({-1, 3, 3, 3}, {-1, 3})).channels_last) << "channels come first when both could";
}

/// A model of tiles that gives their number.
OnnxModel tiles(const std::vector<std::int64_t>& input, OnnxType type = OnnxType::uint8) {
  OnnxModel model;
  model.metadata("unreel.preprocessing", "luma-tiles")
      .input("luma_tiles", type, input)
      .node("Cast", {"luma_tiles"}, {"wide"}, {{"to", {1}, false}})
      .node("GlobalAveragePool", {"wide"}, {"pooled"})
      .node("Flatten", {"pooled"}, {"image_embeds"})
      .output("image_embeds", kFloat, {-1, 25});
  return model;
}

TEST(Contract, AFileMayDeclareLumaTiles) {
  const EncoderContract contract = contract_of(tiles({-1, 25, 8, 8}));
  EXPECT_EQ(contract.preprocessing.variant, image::Variant::luma_tiles);
  EXPECT_EQ(contract.preprocessing.size, 8);
  EXPECT_EQ(contract.preprocessing.bytes(), 25U * 8 * 8);
  EXPECT_EQ(contract.pixel_type, PixelType::uint8);
  EXPECT_EQ(contract.dimension, 25);
}

TEST(Contract, LumaTilesOfAnotherShapeAreRefused) {
  expect_refused(tiles({-1, 9, 8, 8}), "luma_tiles uint8[?, 9, 8, 8]");
  expect_refused(tiles({-1, 25, 8, 9}), "luma_tiles uint8[?, 25, 8, 9]");
  expect_refused(tiles({-1, 25, -1, -1}), "luma_tiles uint8[?, 25, ?, ?]");
  expect_refused(tiles({-1, 25, 1024, 1024}), "luma_tiles uint8[?, 25, 1024, 1024]");
  expect_refused(tiles({-1, 25, 8, 8}, kFloat), "luma_tiles float32[?, 25, 8, 8]");
}

TEST(Contract, AnyOpsetThatTheRuntimeKnowsIsTakenAndOthersAreRefused) {
  for (const std::uint64_t known : {std::uint64_t{13}, std::uint64_t{14}, std::uint64_t{20}})
    EXPECT_EQ(contract_of(mean_color({-1, 3, 32, 32}, {-1, 3}).opset(known)).dimension, 3) << known;
  try {
    contract_of(mean_color({-1, 3, 32, 32}, {-1, 3}).opset(999));
    FAIL() << "accepted operators that do not exist yet";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::model_invalid);
    EXPECT_NE(error.message().find("Opset 999"), std::string::npos) << error.message();
  }
}

TEST(Contract, FixedBatchIsTold) { EXPECT_EQ(contract_of(mean_color({4, 3, 32, 32}, {4, 3})).fixed_batch, 4); }

TEST(Contract, SizesThatWouldCostGigabytesAreRefused) {
  expect_refused(mean_color({4096, 3, 32, 32}, {4096, 3}), "[4096, 3, 32, 32]");
  expect_refused(mean_color({std::int64_t{1} << 32, 3, 32, 32}, {std::int64_t{1} << 32, 3}), "4294967296");
  expect_refused(mean_color({-1, 3, 32768, 32768}, {-1, 3}), "32768");
}

TEST(Contract, ImageEmbedsIsTakenAmongSeveralInAnyOrder) {
  OnnxModel model = mean_color({-1, 3, 32, 32}, {-1, 3}, "pooler_output");
  model.node("Neg", {"pooler_output"}, {"image_embeds"}).output("image_embeds", kFloat, {-1, 3});
  EXPECT_EQ(contract_of(model).output, "image_embeds");
}

TEST(Contract, OtherKindsOfModelsAreRefused) {
  OnnxModel two_outputs = mean_color({-1, 3, 32, 32}, {-1, 3}, "first");
  two_outputs.node("Neg", {"first"}, {"second"}).output("second", kFloat, {-1, 3});
  expect_refused(two_outputs, "outputs first float32[?, 3], second float32[?, 3]");

  OnnxModel two_inputs = mean_color({-1, 3, 32, 32}, {-1, 3});
  two_inputs.input("input_ids", OnnxType::int64, {-1, 77});
  two_inputs.node("Identity", {"input_ids"}, {"ids"}).output("ids", OnnxType::int64, {-1, 77});
  expect_refused(two_inputs, "input_ids int64[?, 77]");

  expect_refused(mean_color({-1, 3, 32, 48}, {-1, 3}), "pixel_values float32[?, 3, 32, 48]");
  expect_refused(mean_color({-1, 1, 32, 32}, {-1, 1}), "pixel_values float32[?, 1, 32, 32]");

  OnnxModel no_embedding;
  no_embedding.input("pixel_values", kFloat, {-1, 3, 32, 32})
      .node("Relu", {"pixel_values"}, {"image_embeds"})
      .output("image_embeds", kFloat, {-1, 3, 32, 32});
  expect_refused(no_embedding, "image_embeds float32[?, 3, 32, 32]");
}

TEST(Contract, AFaceDetectorIsRefusedWithWhatWasExpectedAndFound) {
  UNREEL_NEEDS_ASSET("models/face_detection_yunet_2023mar.onnx");
  try {
    contract_of(test::asset("models/face_detection_yunet_2023mar.onnx"));
    FAIL() << "accepted a face detector";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::model_contract);
    EXPECT_NE(error.message().find("Expected: one input [batch, 3, size, size]"), std::string::npos) << error.message();
    EXPECT_NE(error.message().find("cls_8 float32[1, 6400, 1]"), std::string::npos) << error.message();
  }
}

struct Export {
  const char* file;
  const char* precision;
  bool batch_invariant;
  int fixed_batch;  ///< 0: open
};

class ExportContracts : public ::testing::TestWithParam<Export> {};

TEST_P(ExportContracts, TellWhatTheyAre) {
  UNREEL_NEEDS_ASSET("models/clip-tiny/dynamo_opset20.onnx");
  const EncoderContract contract = contract_of(test::asset(std::string("models/clip-tiny/") + GetParam().file));
  EXPECT_EQ(contract.input, "pixel_values");
  EXPECT_EQ(contract.output, "image_embeds");
  EXPECT_EQ(contract.preprocessing.size, 224);
  EXPECT_EQ(contract.dimension, 48);
  EXPECT_EQ(contract.precision, GetParam().precision);
  EXPECT_EQ(contract.batch_invariant, GetParam().batch_invariant);
  EXPECT_EQ(contract.fixed_batch.value_or(0), GetParam().fixed_batch);
}

INSTANTIATE_TEST_SUITE_P(ClipTiny, ExportContracts,
                         ::testing::Values(Export{"dynamo_opset20.onnx", "fp32", true, 0},
                                           Export{"sdpa_opset17.onnx", "fp32", true, 0},
                                           Export{"torchscript_opset14.onnx", "fp32", true, 0},
                                           Export{"fixed_batch1.onnx", "fp32", true, 1},
                                           Export{"torchscript_opset14_fp16.onnx", "fp16", true, 0},
                                           Export{"torchscript_opset14_quantized.onnx", "int8", false, 0}));

}  // namespace
}  // namespace unreel::clip
