#include "clip/shared_model.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <vector>

#include "base/error.h"
#include "base/thread.h"
#include "clip/runtime.h"
#include "test/support/folder.h"
#include "test/support/onnx_model.h"
#include "test/support/onnx_runtime.h"

namespace unreel::clip {
namespace {

/// Mean colour; `outputs` of the same makes another file of another size.
std::string mean_color(const std::string& path, int outputs = 1) {
  test::OnnxModel model;
  model.input("pixel_values", test::OnnxType::float32, {-1, 3, -1, -1})
      .node("GlobalAveragePool", {"pixel_values"}, {"pooled"})
      .node("Flatten", {"pooled"}, {"image_embeds"})
      .output("image_embeds", test::OnnxType::float32, {-1, -1});
  for (int i = 1; i < outputs; ++i) model.node("Neg", {"pooled"}, {"negative" + std::to_string(i)});
  return model.save(path);
}

class SharedModels : public ::testing::Test {
 protected:
  SharedModels() { load_runtime(test::onnx_runtime_path()); }
  std::string file(const std::string& name) const { return folder_.path() + "/" + name; }

  test::TemporaryFolder folder_;
};

TEST_F(SharedModels, OneFileIsOneSessionByWhateverNameItIsCalled) {
  const std::string path = mean_color(file("model.onnx"));
  const auto first = SharedModel::load(path, {});
  EXPECT_EQ(SharedModel::load(path, {}), first);
  EXPECT_EQ(SharedModel::load(folder_.path() + "/./model.onnx", {}), first);
  std::filesystem::create_symlink("model.onnx", file("link.onnx"));
  EXPECT_EQ(SharedModel::load(file("link.onnx"), {}), first);
  EXPECT_NE(SharedModel::load(path, {2, "cpu"}), first) << "another number of threads is another session";
}

TEST_F(SharedModels, AFileThatChangedIsLoadedAnew) {
  const std::string path = mean_color(file("model.onnx"));
  const auto first = SharedModel::load(path, {});
  mean_color(path, 3);
  EXPECT_NE(SharedModel::load(path, {}), first);
}

TEST_F(SharedModels, ItIsFreedWithItsLastUser) {
  const std::string path = mean_color(file("model.onnx"));
  std::weak_ptr<SharedModel> seen = SharedModel::load(path, {});
  EXPECT_TRUE(seen.expired());
}

TEST_F(SharedModels, ManyAtOnceWaitForOneLoad) {
  const std::string path = mean_color(file("model.onnx"));
  std::vector<std::shared_ptr<SharedModel>> models(8);
  {
    std::vector<NamedThread> threads;
    for (auto& model : models) threads.emplace_back("load", [&] { model = SharedModel::load(path, {}); });
  }
  for (const auto& model : models) EXPECT_EQ(model, models.front());
}

TEST_F(SharedModels, AFailureIsToldToEachAndTriedAgain) {
  const std::string path = file("late.onnx");
  EXPECT_THROW(SharedModel::load(path, {}), Error);
  mean_color(path);
  EXPECT_NE(SharedModel::load(path, {}), nullptr);
}

TEST_F(SharedModels, EachAskerGetsTheSizeHeWants) {
  const auto model = SharedModel::load(mean_color(file("model.onnx")), {});
  EXPECT_EQ(model->contract(std::nullopt).preprocessing.size, 224);
  EXPECT_EQ(model->contract(WantedSize{336, "a test"}).preprocessing.size, 336);
  EXPECT_EQ(model->contract(std::nullopt).preprocessing.size, 224);
}

}  // namespace
}  // namespace unreel::clip
