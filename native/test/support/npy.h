// Reads numpy's .npy files, for tests: little-endian, C order.
#pragma once

#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

namespace unreel::test {

template <class T>
struct NpyType;
template <>
struct NpyType<std::uint8_t> {
  static constexpr const char* kName = "|u1";
};
template <>
struct NpyType<std::int32_t> {
  static constexpr const char* kName = "<i4";
};
template <>
struct NpyType<std::int64_t> {
  static constexpr const char* kName = "<i8";
};
template <>
struct NpyType<float> {
  static constexpr const char* kName = "<f4";
};
template <>
struct NpyType<double> {
  static constexpr const char* kName = "<f8";
};

template <class T>
struct Npy {
  std::vector<std::size_t> shape;
  std::vector<T> data;
};

/// Throws std::runtime_error, with the path, for a file that is absent or of another type or order.
template <class T>
Npy<T> read_npy(const std::string& path) {
  const auto require = [&](bool holds, const std::string& what) {
    if (!holds) throw std::runtime_error(path + ": " + what);
  };
  std::ifstream file(path, std::ios::binary);
  require(file.good(), "cannot be opened");
  const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  require(bytes.size() > 12 && bytes.compare(0, 6, "\x93NUMPY") == 0, "is no .npy file");
  const bool first_version = bytes[6] == 1;
  const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(bytes[i])); };
  const std::size_t start = first_version ? 10 : 12;
  const std::size_t length = byte(8) | byte(9) << 8 | (first_version ? 0 : byte(10) << 16 | byte(11) << 24);
  require(bytes.size() >= start + length, "ends inside its header");
  const std::string header = bytes.substr(start, length);
  require(header.find(std::string("'descr': '") + NpyType<T>::kName + "'") != std::string::npos,
          std::string("is not of type ") + NpyType<T>::kName + ": " + header);
  require(header.find("'fortran_order': False") != std::string::npos, "is not in C order");

  Npy<T> result;
  std::size_t count = 1;
  const std::size_t open = header.find('(', header.find("'shape'"));
  const std::size_t close = header.find(')', open);
  require(close != std::string::npos, "has no shape");
  for (std::size_t at = open + 1; at < close;) {
    if (header[at] < '0' || header[at] > '9') {
      ++at;
      continue;
    }
    std::size_t used = 0;
    result.shape.push_back(std::stoul(header.substr(at), &used));
    count *= result.shape.back();
    at += used;
  }
  require(bytes.size() == start + length + count * sizeof(T), "holds another number of bytes than its shape says");
  result.data.resize(count);
  if (count > 0) std::memcpy(result.data.data(), bytes.data() + start + length, count * sizeof(T));
  return result;
}

}  // namespace unreel::test
