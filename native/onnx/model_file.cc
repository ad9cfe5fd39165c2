#include "onnx/model_file.h"

#include <fstream>
#include <utility>

#include "base/error.h"

namespace unreel::onnx {
namespace {

/// Protobuf wire types (protobuf.dev, "Encoding").
enum class Wire { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

/// A message or a field's bytes in the file: [begin, end).
struct Span {
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

struct Field {
  int number = 0;
  Wire wire = Wire::varint;
  std::uint64_t value = 0;  ///< of a varint
  Span bytes;               ///< of a length-delimited field
};

class WireReader {
 public:
  explicit WireReader(const std::string& path) : path_(path), in_(path, std::ios::binary) {
    if (!in_) throw Error(ErrorCode::model_not_found, "There is no readable model file at " + path).with("path", path);
    in_.seekg(0, std::ios::end);
    size_ = static_cast<std::int64_t>(in_.tellg());
    in_.seekg(0);
  }

  Span whole() const { return {0, size_}; }
  std::int64_t position() const { return position_; }

  /// Reads the field at `at`, which then points behind it; false at the message's end.
  bool next(std::int64_t& at, const Span& message, Field& field) {
    if (at == message.end) return false;
    move_to(at);
    const std::uint64_t tag = varint(message.end);
    field.number = static_cast<int>((tag >> 3) & 0x1fffffff);
    field.wire = static_cast<Wire>(tag & 7);
    std::uint64_t length = 0;
    switch (field.wire) {
      case Wire::varint:
        field.value = varint(message.end);
        break;
      case Wire::fixed64:
        length = 8;
        break;
      case Wire::fixed32:
        length = 4;
        break;
      case Wire::bytes:
        length = varint(message.end);
        break;
      default:
        fail();
    }
    if (field.number == 0 || length > static_cast<std::uint64_t>(message.end - position_)) fail();
    field.bytes = {position_, position_ + static_cast<std::int64_t>(length)};
    at = field.bytes.end;
    return true;
  }

  std::string text(const Span& bytes) {
    if (bytes.end - bytes.begin > kLongestText) fail();
    move_to(bytes.begin);
    std::string result(static_cast<std::size_t>(bytes.end - bytes.begin), '\0');
    in_.read(result.data(), static_cast<std::streamsize>(result.size()));
    if (!in_) fail();
    position_ = bytes.end;
    return result;
  }

  std::uint64_t varint(std::int64_t end) {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (position_ >= end) fail();
      const int byte = in_.get();
      if (byte < 0) fail();
      ++position_;
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) return value;
    }
    fail();
  }

  void move_to(std::int64_t at) {
    if (at == position_) return;
    in_.seekg(at);
    position_ = at;
  }

  [[noreturn]] void fail() const {
    throw Error(ErrorCode::model_invalid, "The model file " + path_ +
                                              " is damaged: its protobuf breaks off or is garbled near byte " +
                                              std::to_string(position_) + ". Fetch or make it again.")
        .with("path", path_);
  }

 private:
  static constexpr std::int64_t kLongestText = 1 << 20;

  std::string path_;
  std::ifstream in_;
  std::int64_t size_ = 0;
  std::int64_t position_ = 0;
};

class FactsReader {
 public:
  explicit FactsReader(const std::string& path) : reader_(path) {}

  ModelFacts read() {
    each(reader_.whole(), [&](const Field& field) {  // ModelProto
      if (field.number == 7) graph(field.bytes);
      if (field.number == 25) function(field.bytes);
    });
    return std::move(facts_);
  }

 private:
  template <class Visit>
  void each(const Span& message, const Visit& visit) {
    Field field;
    for (std::int64_t at = message.begin; reader_.next(at, message, field);) visit(field);
  }

  std::pair<std::string, std::string> entry(const Span& message) {  // StringStringEntryProto
    std::pair<std::string, std::string> entry;
    each(message, [&](const Field& field) {
      if (field.number == 1) entry.first = reader_.text(field.bytes);
      if (field.number == 2) entry.second = reader_.text(field.bytes);
    });
    return entry;
  }

  void graph(const Span& message) {  // GraphProto
    if (++depth_ > kDeepestGraph) reader_.fail();
    each(message, [&](const Field& field) {
      if (field.number == 1) node(field.bytes);
      if (field.number == 5) tensor(field.bytes);
    });
    --depth_;
  }

  void function(const Span& message) {  // FunctionProto
    each(message, [&](const Field& field) {
      if (field.number == 7) node(field.bytes);
    });
  }

  void node(const Span& message) {  // NodeProto
    each(message, [&](const Field& field) {
      if (field.number == 4) facts_.operators.insert(reader_.text(field.bytes));
      if (field.number == 5) attribute(field.bytes);
    });
  }

  void attribute(const Span& message) {  // AttributeProto: t, tensors; g, graphs
    each(message, [&](const Field& field) {
      if (field.number == 5 || field.number == 10) tensor(field.bytes);
      if (field.number == 6 || field.number == 11) graph(field.bytes);
    });
  }

  void tensor(const Span& message) {  // TensorProto
    constexpr std::uint64_t kMostElements = std::uint64_t{1} << 40;
    std::uint64_t elements = 1;
    int type = 0;
    const auto dimension = [&](std::uint64_t size) {
      if (size != 0 && elements > kMostElements / size) reader_.fail();
      elements *= size;
    };
    each(message, [&](const Field& field) {
      if (field.number == 1 && field.wire == Wire::varint) dimension(field.value);
      if (field.number == 1 && field.wire == Wire::bytes) packed(field.bytes, dimension);
      if (field.number == 2) type = static_cast<int>(field.value);
      if (field.number == 13) external_data(field.bytes);
    });
    facts_.weight_elements[type] += static_cast<std::int64_t>(elements);
  }

  void external_data(const Span& message) {
    const auto [key, value] = entry(message);
    if (key == "location") facts_.external_files.insert(value);
  }

  template <class Visit>
  void packed(const Span& bytes, const Visit& visit) {
    std::int64_t at = bytes.begin;
    reader_.move_to(at);
    while (at < bytes.end) {
      visit(reader_.varint(bytes.end));
      at = reader_.position();
    }
  }

  static constexpr int kDeepestGraph = 32;

  WireReader reader_;
  ModelFacts facts_;
  int depth_ = 0;
};

}  // namespace

ModelFacts read_model_facts(const std::string& path) { return FactsReader(path).read(); }

}  // namespace unreel::onnx
