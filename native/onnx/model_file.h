// What an ONNX file says of itself beyond what ORT's API tells: operators and the types of its weights.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

namespace unreel::onnx {

/// Read from the protobuf, subgraphs and functions included; tensor data is skipped, never read.
struct ModelFacts {
  std::set<std::string> operators;              ///< op types without their domain: "MatMul", "DynamicQuantizeLinear"
  std::map<int, std::int64_t> weight_elements;  ///< elements of all constant tensors by TensorProto.DataType
  std::set<std::string> external_files;         ///< files beside the model that hold weights, as the model names them
};

/// TensorProto.DataType, onnx.proto. Those that weights come in.
inline constexpr int kFloat32 = 1;
inline constexpr int kUint8 = 2;
inline constexpr int kInt8 = 3;
inline constexpr int kInt64 = 7;
inline constexpr int kFloat16 = 10;
inline constexpr int kFloat64 = 11;
inline constexpr int kBfloat16 = 16;
inline constexpr int kUint4 = 21;
inline constexpr int kInt4 = 22;

/**
 * Walks the file's protobuf (field numbers of onnx.proto, IR version 3 and later). Memory is bounded by the longest
 * name, whatever the file's size. Throws model_invalid where the wire format is broken, model_not_found.
 */
ModelFacts read_model_facts(const std::string& path);

}  // namespace unreel::onnx
