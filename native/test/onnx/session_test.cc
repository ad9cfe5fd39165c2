#include "onnx/session.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <thread>

#include "base/error.h"
#include "test/support/assets.h"
#include "test/support/onnx_model.h"
#include "test/support/onnx_runtime.h"

namespace unreel::onnx {
namespace {

std::string temporary(const std::string& name) { return ::testing::TempDir() + name; }

std::unique_ptr<Session> open(const std::string& path, const SessionOptions& options = {}) {
  return Session::open(test::onnx_runtime(), path, options);
}

/// y = x * two for x [batch, 3].
std::string doubling_model() {
  return test::OnnxModel()
      .input("x", test::OnnxType::float32, {-1, 3})
      .constant("two", {1}, {2})
      .node("Mul", {"x", "two"}, {"y"})
      .node("Mul", {"y", "y"}, {"square"})
      .output("square", test::OnnxType::float32, {-1, 3})
      .output("y", test::OnnxType::float32, {-1, 3})
      .save(temporary("doubling.onnx"));
}

void run(Session& session, const TensorView& input, const std::vector<TensorView>& outputs, const CancelToken& cancel) {
  session.bind(input, outputs)->run(cancel, StopSignal());
}

template <class Call>
Error error_of(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return Error(ErrorCode::internal, "");
}

TEST(Session, TellsInputsAndOutputsAsTheFileDoes) {
  const auto session = open(doubling_model());
  EXPECT_EQ(describe(session->inputs()), "x float32[?, 3]");
  EXPECT_EQ(describe(session->outputs()), "square float32[?, 3], y float32[?, 3]");
}

TEST(Session, WritesNamedOutputsIntoTheCallersMemoryInAnyOrder) {
  const auto session = open(doubling_model());
  std::vector<float> x{1, -2, 3, 4, 5, 6};
  std::vector<float> y(6);
  std::vector<float> square(6);
  const TensorView input{"x", ElementType::float32, {2, 3}, x.data()};
  run(*session, input,
      {{"y", ElementType::float32, {2, 3}, y.data()}, {"square", ElementType::float32, {2, 3}, square.data()}}, {});
  EXPECT_EQ(y, (std::vector<float>{2, -4, 6, 8, 10, 12}));
  EXPECT_EQ(square, (std::vector<float>{4, 16, 36, 64, 100, 144}));
  EXPECT_EQ(session->shape_of(input, "square"), (std::vector<std::int64_t>{2, 3}));
}

TEST(Session, AWrongOutputShapeIsInferenceFailed) {
  const auto session = open(doubling_model());
  std::vector<float> x(6);
  std::vector<float> y(9);
  const Error error = error_of([&] {
    run(*session, {"x", ElementType::float32, {2, 3}, x.data()}, {{"y", ElementType::float32, {3, 3}, y.data()}}, {});
  });
  EXPECT_EQ(error.code(), ErrorCode::inference_failed);
}

TEST(Session, ACancelledTokenAbortsBeforeTheRun) {
  const auto session = open(doubling_model());
  std::vector<float> x{1, 2, 3};
  std::vector<float> y{7, 7, 7};
  const CancelToken cancel;
  cancel.cancel();
  const Error error = error_of([&] {
    run(*session, {"x", ElementType::float32, {1, 3}, x.data()}, {{"y", ElementType::float32, {1, 3}, y.data()}},
        cancel);
  });
  EXPECT_EQ(error.code(), ErrorCode::aborted);
  EXPECT_EQ(y, (std::vector<float>{7, 7, 7}));
}

TEST(Session, AStopSignalEndsTheRunsOfItsOwnUserAlone) {
  const auto session = open(doubling_model());
  std::vector<float> x{1, 2, 3};
  std::vector<float> y(3);
  const auto binding =
      session->bind({"x", ElementType::float32, {1, 3}, x.data()}, {{"y", ElementType::float32, {1, 3}, y.data()}});
  StopSignal mine;
  const StopSignal others;
  mine.trigger();
  EXPECT_EQ(error_of([&] { binding->run({}, mine); }).code(), ErrorCode::aborted);
  binding->run({}, others);
  EXPECT_EQ(y, (std::vector<float>{2, 4, 6}));
}

TEST(Session, ABindingReadsItsMemoryAnewAtEachRun) {
  const auto session = open(doubling_model());
  std::vector<float> x(3);
  std::vector<float> y(3);
  const auto binding =
      session->bind({"x", ElementType::float32, {1, 3}, x.data()}, {{"y", ElementType::float32, {1, 3}, y.data()}});
  for (const float value : {1.0F, 5.0F}) {
    std::fill(x.begin(), x.end(), value);
    binding->run({}, StopSignal());
    EXPECT_EQ(y, std::vector<float>(3, 2 * value));
  }
}

TEST(Session, TellsTheFilesMetadataAndNothingForOtherKeys) {
  const auto session = open(test::OnnxModel()
                                .input("x", test::OnnxType::float32, {3})
                                .node("Neg", {"x"}, {"y"})
                                .output("y", test::OnnxType::float32, {3})
                                .metadata("unreel.preprocessing", "hf")
                                .save(temporary("metadata.onnx")));
  EXPECT_EQ(session->metadata("unreel.preprocessing"), "hf");
  EXPECT_EQ(session->metadata("unreel.mean"), std::nullopt);
}

TEST(Session, DenormalsAreZeroInTheModelAndStayNumbersOutside) {
  volatile float smallest = std::numeric_limits<float>::denorm_min();
  for (const int threads : {1, 2}) {
    const auto session = open(doubling_model(), {threads, "cpu"});
    EXPECT_GT(smallest * 2, 0.0F) << "opening a session changed this thread's arithmetic";
    std::vector<float> x{smallest * 4, 1, 2};
    std::vector<float> y(3, -1);
    run(*session, {"x", ElementType::float32, {1, 3}, x.data()}, {{"y", ElementType::float32, {1, 3}, y.data()}}, {});
    EXPECT_EQ(y, (std::vector<float>{0, 2, 4}));
    EXPECT_GT(smallest * 2, 0.0F) << "a run changed this thread's arithmetic";
  }
}

TEST(Session, SeveralThreadsRunAtOnce) {
  const auto session = open(doubling_model());
  std::vector<std::thread> threads;
  std::vector<int> wrong(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) {
        std::vector<float> x(3, static_cast<float>(100 * t + i));
        std::vector<float> y(3);
        run(*session, {"x", ElementType::float32, {1, 3}, x.data()}, {{"y", ElementType::float32, {1, 3}, y.data()}},
            {});
        wrong[t] += y[2] != x[2] * 2;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(4));
}

TEST(Session, FilesThatAreNoModelHaveTheirOwnCode) {
  const std::string empty = temporary("empty.onnx");
  std::ofstream(empty, std::ios::trunc).close();
  const std::string text = temporary("text.onnx");
  std::ofstream(text, std::ios::trunc) << "not a model at all, but text";
  const std::string cut = temporary("cut.onnx");
  std::filesystem::copy_file(doubling_model(), cut, std::filesystem::copy_options::overwrite_existing);
  std::filesystem::resize_file(cut, std::filesystem::file_size(cut) / 2);
  const std::string unknown = test::OnnxModel()
                                  .input("x", test::OnnxType::float32, {1})
                                  .node("NoSuchOperator", {"x"}, {"y"})
                                  .output("y", test::OnnxType::float32, {1})
                                  .save(temporary("unknown.onnx"));

  EXPECT_EQ(error_of([&] { open("no/such/model.onnx"); }).code(), ErrorCode::model_not_found);
  EXPECT_EQ(error_of([&] { open(::testing::TempDir()); }).code(), ErrorCode::is_a_directory);
  for (const std::string& path : {empty, text, cut, unknown}) {
    const Error error = error_of([&] { open(path); });
    EXPECT_EQ(error.code(), ErrorCode::model_invalid) << path;
    EXPECT_NE(error.message().find(path), std::string::npos) << error.message();
  }
  EXPECT_NE(error_of([&] { open(unknown); }).message().find("NoSuchOperator"), std::string::npos);
}

TEST(Session, OtherDevicesSayWhatIsMissing) {
  const std::string model = doubling_model();
  const Error cuda = error_of([&] { open(model, {1, "cuda"}); });
  EXPECT_EQ(cuda.code(), ErrorCode::device_unavailable);
  EXPECT_NE(cuda.message().find("libonnxruntime_providers_cuda.so"), std::string::npos) << cuda.message();
  EXPECT_EQ(error_of([&] { open(model, {1, "abacus"}); }).code(), ErrorCode::device_unavailable);
  EXPECT_EQ(error_of([&] { open(model, {0, "cpu"}); }).code(), ErrorCode::invalid_argument);
}

TEST(Session, ReadsARealFaceDetectorsManyOutputs) {
  UNREEL_NEEDS_ASSET("models/face_detection_yunet_2023mar.onnx");
  const auto session = open(test::asset("models/face_detection_yunet_2023mar.onnx"));
  EXPECT_EQ(describe(session->inputs()), "input float32[1, 3, 640, 640]");
  ASSERT_EQ(session->outputs().size(), 12U);
  EXPECT_EQ(describe(session->outputs().back()), "kps_32 float32[1, 400, 10]");
  std::vector<float> pixels(3 * 640 * 640);
  std::vector<float> scores(400, -1);
  run(*session, {"input", ElementType::float32, {1, 3, 640, 640}, pixels.data()},
      {{"cls_32", ElementType::float32, {1, 400, 1}, scores.data()}}, {});
  EXPECT_TRUE(std::all_of(scores.begin(), scores.end(), [](float score) { return score >= 0 && score <= 1; }));
}

}  // namespace
}  // namespace unreel::onnx
