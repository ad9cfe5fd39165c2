#include "clip/image_encoder.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>

#include "base/error.h"
#include "base/random.h"
#include "clip/runtime.h"
#include "test/support/assets.h"
#include "test/support/npy.h"
#include "test/support/onnx_model.h"
#include "test/support/onnx_runtime.h"

namespace unreel::clip {
namespace {

using test::OnnxModel;
using test::OnnxType;

std::shared_ptr<ImageEncoder> load(const std::string& path, int threads = 1, const std::string& device = "cpu") {
  load_runtime(test::onnx_runtime_path());
  return ImageEncoder::load(path, {threads, device, {}, {}});
}

std::string clip_tiny(const std::string& name) { return test::asset("models/clip-tiny/" + name); }

std::size_t crop_bytes(const ImageEncoder& encoder) { return encoder.contract().preprocessing.bytes(); }

/// Embeddings of `crops` in calls of the given sizes, which add up to their number.
std::vector<float> encode(ImageEncoder& encoder, const std::vector<std::uint8_t>& crops,
                          const std::vector<int>& calls) {
  std::vector<float> result;
  const std::uint8_t* next = crops.data();
  for (const int count : calls) {
    std::vector<float> part(static_cast<std::size_t>(count * encoder.contract().dimension));
    encoder.encode(next, count, part.data(), {});
    result.insert(result.end(), part.begin(), part.end());
    next += static_cast<std::size_t>(count) * crop_bytes(encoder);
  }
  EXPECT_EQ(next, crops.data() + crops.size());
  return result;
}

/// Pictures of quite different ranges: a scale taken over a batch would show.
std::vector<std::uint8_t> pictures(const ImageEncoder& encoder, int count) {
  Random random(7);
  std::vector<std::uint8_t> crops;
  for (int i = 0; i < count; ++i) {
    const std::uint64_t range = 2 + static_cast<std::uint64_t>(i) * 253 / static_cast<std::uint64_t>(count);
    for (std::size_t k = 0; k < crop_bytes(encoder); ++k)
      crops.push_back(static_cast<std::uint8_t>(random.below(range)));
  }
  return crops;
}

double cosine(const float* a, const double* b, int dimension) {
  double dot = 0;
  double aa = 0;
  double bb = 0;
  for (int i = 0; i < dimension; ++i) {
    dot += a[i] * b[i];
    aa += static_cast<double>(a[i]) * a[i];
    bb += b[i] * b[i];
  }
  return dot / std::sqrt(aa * bb);
}

struct Export {
  const char* file;
  double largest_difference;
  double smallest_cosine;
};

class ExportEmbeddings : public ::testing::TestWithParam<Export> {};

// The oracle is torch's forward pass in float64 of the same weights.
TEST_P(ExportEmbeddings, GiveTheEmbeddingsOfTheFloat64Reference) {
  UNREEL_NEEDS_ASSET("models/clip-tiny/image_embeds_f64.npy");
  const auto crops = test::read_npy<std::uint8_t>(clip_tiny("inputs_u8.npy"));
  const auto expected = test::read_npy<double>(clip_tiny("image_embeds_f64.npy"));
  const auto encoder = load(clip_tiny(GetParam().file));
  const int dimension = encoder->contract().dimension;
  ASSERT_EQ(expected.shape, (std::vector<std::size_t>{2, static_cast<std::size_t>(dimension)}));
  const std::vector<float> embeddings = encode(*encoder, crops.data, {2});
  double largest = 0;
  double smallest = 1;
  for (std::size_t i = 0; i < embeddings.size(); ++i)
    largest = std::max(largest, std::abs(embeddings[i] - expected.data[i]));
  for (int i = 0; i < 2; ++i) {
    smallest = std::min(smallest, cosine(&embeddings[static_cast<std::size_t>(i * dimension)],
                                         &expected.data[static_cast<std::size_t>(i * dimension)], dimension));
  }
  std::printf("%s: largest difference %.2e, smallest cosine %.8f\n", GetParam().file, largest, smallest);
  EXPECT_LE(largest, GetParam().largest_difference);
  EXPECT_GE(smallest, GetParam().smallest_cosine);
}

TEST_P(ExportEmbeddings, AnEmbeddingDoesNotDependOnItsNeighbours) {
  UNREEL_NEEDS_ASSET("models/clip-tiny/dynamo_opset20.onnx");
  for (const int threads : {1, 2}) {
    const auto encoder = load(clip_tiny(GetParam().file), threads);
    const std::vector<std::uint8_t> crops = pictures(*encoder, 8);
    const std::vector<float> alone = encode(*encoder, crops, std::vector<int>(8, 1));
    for (const std::vector<int>& calls : {std::vector<int>{8}, {3, 5}, {2, 2, 2, 2}, {7, 1}}) {
      EXPECT_EQ(encode(*encoder, crops, calls), alone) << threads << " threads, calls of " << calls.front();
    }
  }
}

INSTANTIATE_TEST_SUITE_P(ClipTiny, ExportEmbeddings,
                         ::testing::Values(Export{"dynamo_opset20.onnx", 1e-5, 0.999999},
                                           Export{"sdpa_opset17.onnx", 1e-5, 0.999999},
                                           Export{"torchscript_opset14.onnx", 1e-5, 0.999999},
                                           Export{"fixed_batch1.onnx", 1e-5, 0.999999},
                                           Export{"torchscript_opset14_fp16.onnx", 1, 0.99999},
                                           Export{"torchscript_opset14_quantized.onnx", 1, 0.999}));

/// Mean of each normalised channel, as a model of the given edge type and batch; known without a model.
std::string mean_color(OnnxType type, std::int64_t batch) {
  OnnxModel model;
  model.input("pixel_values", type, {batch, 3, 32, 32});
  if (type == OnnxType::float16) {
    model.node("Cast", {"pixel_values"}, {"wide"}, {{"to", {1}, false}})
        .node("GlobalAveragePool", {"wide"}, {"pooled"})
        .node("Flatten", {"pooled"}, {"flat"})
        .node("Cast", {"flat"}, {"image_embeds"}, {{"to", {10}, false}});
  } else {
    model.node("GlobalAveragePool", {"pixel_values"}, {"pooled"}).node("Flatten", {"pooled"}, {"image_embeds"});
  }
  return model.output("image_embeds", type, {batch, 3}).save(::testing::TempDir() + "mean_color.onnx");
}

class Edges : public ::testing::TestWithParam<std::tuple<OnnxType, std::int64_t>> {};

TEST_P(Edges, AnyCountAnyEdgeTypeAnyBatchGivesEachPictureItsOwnEmbedding) {
  const auto [type, batch] = GetParam();
  const auto encoder = load(mean_color(type, batch));
  EXPECT_EQ(encoder->contract().pixel_type, type == OnnxType::float16 ? PixelType::float16 : PixelType::float32);
  EXPECT_EQ(encoder->contract().half_output, type == OnnxType::float16);
  const image::Normalization normalization;
  for (const int count : {1, 3, 4, 6, 70}) {
    const std::vector<std::uint8_t> crops = pictures(*encoder, count);
    const std::vector<float> embeddings = encode(*encoder, crops, {count});
    for (int i = 0; i < count; ++i) {
      for (std::size_t c = 0; c < 3; ++c) {
        double sum = 0;
        for (std::size_t p = 0; p < 32 * 32; ++p) sum += crops[(static_cast<std::size_t>(i) * 32 * 32 + p) * 3 + c];
        const double expected = (sum / (32 * 32) / 255 - normalization.mean[c]) / normalization.std[c];
        ASSERT_NEAR(embeddings[static_cast<std::size_t>(i) * 3 + c], expected, type == OnnxType::float16 ? 2e-3 : 1e-5)
            << "picture " << i << " of " << count;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, Edges,
                         ::testing::Combine(::testing::Values(OnnxType::float32, OnnxType::float16),
                                            ::testing::Values(std::int64_t{-1}, std::int64_t{1}, std::int64_t{4})));

/// Quantises the whole batch by one scale, as ORT's dynamic quantiser writes it.
std::string dynamically_quantized(std::int64_t batch) {
  return OnnxModel()
      .input("pixel_values", OnnxType::float32, {batch, 3, 32, 32})
      .node("DynamicQuantizeLinear", {"pixel_values"}, {"bytes", "scale", "zero"})
      .node("DequantizeLinear", {"bytes", "scale", "zero"}, {"pixels"})
      .node("GlobalAveragePool", {"pixels"}, {"pooled"})
      .node("Flatten", {"pooled"}, {"image_embeds"})
      .output("image_embeds", OnnxType::float32, {batch, 3})
      .save(::testing::TempDir() + "dynamic.onnx");
}

TEST(DynamicQuantization, RunsOnePictureAtATimeWhateverTheBatch) {
  const auto open = load(dynamically_quantized(-1));
  EXPECT_FALSE(open->contract().batch_invariant);
  const std::vector<std::uint8_t> crops = pictures(*open, 6);
  const std::vector<float> alone = encode(*open, crops, std::vector<int>(6, 1));
  EXPECT_EQ(encode(*open, crops, {6}), alone);
  EXPECT_EQ(encode(*load(dynamically_quantized(4)), crops, {6}), alone);
}

TEST(ImageEncoder, AutoIsTheCpuAndCudaSaysWhatIsMissing) {
  const std::string model = mean_color(OnnxType::float32, -1);
  EXPECT_EQ(load(model, 1, "auto")->device(), "cpu");
  try {
    load(model, 1, "cuda");
    FAIL() << "cuda was accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::device_unavailable);
  }
}

TEST(ImageEncoder, ACancelledTokenAborts) {
  const auto encoder = load(mean_color(OnnxType::float32, -1));
  const std::vector<std::uint8_t> crops = pictures(*encoder, 1);
  std::vector<float> embeddings(3);
  const CancelToken cancel;
  cancel.cancel();
  try {
    encoder->encode(crops.data(), 1, embeddings.data(), cancel);
    FAIL() << "ran";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::aborted);
  }
}

}  // namespace
}  // namespace unreel::clip
