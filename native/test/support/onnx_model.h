// Writes small ONNX files for tests, by hand: field numbers are onnx.proto's.
#pragma once

#include <cstdint>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

namespace unreel::test {

/// One attribute of a node: a whole number or several.
struct OnnxAttribute {
  std::string name;
  std::vector<std::int64_t> values;
  bool list = false;
};

/// TensorProto.DataType.
enum class OnnxType : int { float32 = 1, uint8 = 2, int64 = 7, float16 = 10 };

class OnnxModel {
 public:
  /// A dimension below 0 is an open axis.
  OnnxModel& input(const std::string& name, OnnxType type, const std::vector<std::int64_t>& shape) {
    graph_ += bytes(11, value(name, type, shape));
    return *this;
  }
  OnnxModel& output(const std::string& name, OnnxType type, const std::vector<std::int64_t>& shape) {
    graph_ += bytes(12, value(name, type, shape));
    return *this;
  }
  OnnxModel& node(const std::string& op, const std::vector<std::string>& inputs,
                  const std::vector<std::string>& outputs, const std::vector<OnnxAttribute>& attributes = {}) {
    std::string message;
    for (const std::string& name : inputs) message += bytes(1, name);
    for (const std::string& name : outputs) message += bytes(2, name);
    message += bytes(4, op);
    for (const OnnxAttribute& each : attributes) message += bytes(5, attribute(each));
    graph_ += bytes(1, message);
    return *this;
  }
  OnnxModel& constant(const std::string& name, const std::vector<std::int64_t>& shape,
                      const std::vector<float>& values) {
    std::string raw(values.size() * sizeof(float), '\0');
    std::memcpy(raw.data(), values.data(), raw.size());
    std::string message;
    for (const std::int64_t size : shape) message += number(1, static_cast<std::uint64_t>(size));
    message += number(2, static_cast<std::uint64_t>(OnnxType::float32)) + bytes(8, name) + bytes(9, raw);
    graph_ += bytes(5, message);
    return *this;
  }

  /// The version of ONNX's operators; 17 where it is not called.
  OnnxModel& opset(std::uint64_t version) {
    opset_ = version;
    return *this;
  }
  /// One entry of the file's own metadata.
  OnnxModel& metadata(const std::string& key, const std::string& text) {
    metadata_ += bytes(14, bytes(1, key) + bytes(2, text));
    return *this;
  }

  std::string serialized() const {
    return number(1, 8) + bytes(7, graph_ + bytes(2, "test")) + bytes(8, bytes(1, "") + number(2, opset_)) + metadata_;
  }
  /// Writes the file; gives its path back.
  std::string save(const std::string& path) const {
    const std::string data = serialized();
    std::ofstream(path, std::ios::binary).write(data.data(), static_cast<std::streamsize>(data.size()));
    return path;
  }

 private:
  static std::string varint(std::uint64_t value) {
    std::string result;
    for (; value >= 128; value >>= 7) result += static_cast<char>((value & 127) | 128);
    return result + static_cast<char>(value);
  }
  static std::string number(int field, std::uint64_t value) {
    return varint(static_cast<std::uint64_t>(field) << 3) + varint(value);
  }
  static std::string bytes(int field, const std::string& content) {
    return varint(static_cast<std::uint64_t>(field) << 3 | 2) + varint(content.size()) + content;
  }
  static std::string value(const std::string& name, OnnxType type, const std::vector<std::int64_t>& shape) {
    std::string dims;
    int open = 0;
    for (const std::int64_t size : shape) {
      dims += bytes(
          1, size >= 0 ? number(1, static_cast<std::uint64_t>(size)) : bytes(2, name + "_" + std::to_string(open++)));
    }
    const std::string tensor = number(1, static_cast<std::uint64_t>(type)) + bytes(2, dims);
    return bytes(1, name) + bytes(2, bytes(1, tensor));
  }
  static std::string attribute(const OnnxAttribute& each) {
    std::string message = bytes(1, each.name);
    for (const std::int64_t value : each.values)
      message += number(each.list ? 8 : 3, static_cast<std::uint64_t>(value));
    return message + number(20, each.list ? 7 : 2);
  }

  std::string graph_;
  std::string metadata_;
  std::uint64_t opset_ = 17;
};

}  // namespace unreel::test
