#include "onnx/model_file.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/error.h"
#include "test/support/assets.h"
#include "test/support/onnx_model.h"

namespace unreel::onnx {
namespace {

std::string save(const std::string& bytes) {
  const std::string path = ::testing::TempDir() + "model_file_test.onnx";
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return path;
}

test::OnnxModel add_one() {
  test::OnnxModel model;
  model.input("x", test::OnnxType::float32, {-1, 2})
      .constant("one", {1, 2}, {1, 1})
      .node("Add", {"x", "one"}, {"y"})
      .output("y", test::OnnxType::float32, {-1, 2});
  return model;
}

TEST(ModelFacts, CountsOperatorsAndWeightElements) {
  const ModelFacts facts = read_model_facts(save(add_one().serialized()));
  EXPECT_EQ(facts.operators, std::set<std::string>{"Add"});
  EXPECT_EQ(facts.weight_elements, (std::map<int, std::int64_t>{{kFloat32, 2}}));
}

TEST(ModelFacts, EveryCutIsModelInvalidOrAShorterModel) {
  const std::string whole = add_one().serialized();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    try {
      read_model_facts(save(whole.substr(0, length)));
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::model_invalid);
    }
  }
}

TEST(ModelFacts, EveryFlippedByteIsReadOrModelInvalid) {
  const std::string whole = add_one().serialized();
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const int mask : {0x01, 0x7f, 0x80, 0xff}) {
      std::string garbled = whole;
      garbled[at] = static_cast<char>(garbled[at] ^ mask);
      try {
        read_model_facts(save(garbled));
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::model_invalid);
      }
    }
  }
}

TEST(ModelFacts, AbsentFileIsModelNotFound) {
  try {
    read_model_facts("no/such.onnx");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::model_not_found);
  }
}

// Counts by the onnx Python package, which reads the same files with Google's protobuf.
TEST(ModelFacts, AgreesWithThePythonPackageOnRealExports) {
  UNREEL_NEEDS_ASSET("models/clip-tiny/dynamo_opset20.onnx");
  using Counts = std::map<int, std::int64_t>;
  const auto weights = [](const std::string& name) {
    return read_model_facts(test::asset("models/clip-tiny/" + name)).weight_elements;
  };
  EXPECT_EQ(weights("dynamo_opset20.onnx"), (Counts{{kFloat32, 278402}, {kInt64, 12}}));
  EXPECT_EQ(weights("torchscript_opset14_fp16.onnx"), (Counts{{kFloat16, 278416}, {kInt64, 96}}));
  EXPECT_EQ(weights("torchscript_opset14_quantized.onnx"), (Counts{{kFloat32, 1823}, {kUint8, 276623}, {kInt64, 96}}));
  EXPECT_EQ(read_model_facts(test::asset("models/clip-tiny/torchscript_opset14_quantized.onnx"))
                .operators.count("MatMulInteger"),
            1U);
}

}  // namespace
}  // namespace unreel::onnx
