// unreel's preprocessing of one picture, again and again on one thread: from its planes in memory to normalised floats.
//
// usage: preprocess_loop PICTURE LAYOUT WIDTH HEIGHT SIZE TIMES OUT.u8 OUT.f32
// LAYOUT: rgb24, gbrp (as three planes R, G, B) or yuv420p. Writes the crop and its floats, says the target in a line
// of JSON, then answers each line on stdin with the seconds of one picture, the mean of TIMES.
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/simd_target.h"
#include "image/normalize.h"
#include "image/preprocessing.h"

namespace {

using unreel::image::Picture;
using Bytes = std::vector<std::uint8_t>;

Bytes read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(path + " cannot be read");
  return Bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
}

template <class T>
void write_file(const std::string& path, const std::vector<T>& values) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(T)));
  file.close();
  if (!file) throw std::runtime_error(path + " cannot be written");
}

/// Three planes, one behind the other; chroma halved `shift` times each way.
Picture planar(const Bytes& bytes, int width, int height, int shift) {
  Picture picture;
  picture.width = width;
  picture.height = height;
  picture.layout.component_count = 3;
  picture.layout.is_rgb = shift == 0;
  picture.layout.chroma_shift_x = picture.layout.chroma_shift_y = shift;
  const std::uint8_t* plane = bytes.data();
  for (int c = 0; c < 3; ++c) {
    const int halved = c == 0 ? 0 : shift;
    const std::ptrdiff_t stride = width >> halved;
    const auto at = static_cast<std::size_t>(c);
    picture.layout.components[at] = {c, 1, 0, 0, 8};
    picture.planes[at] = plane;
    picture.strides[at] = stride;
    plane += stride * (height >> halved);
  }
  return picture;
}

Picture picture_of(const Bytes& bytes, const std::string& layout, int width, int height) {
  const auto pixels = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  const std::size_t expected = layout == "yuv420p" ? pixels * 3 / 2 : pixels * 3;
  if (bytes.size() != expected) throw std::runtime_error("the picture's file has another size");
  if (layout == "rgb24") return unreel::image::rgb_picture(bytes.data(), width, height);
  if (layout == "gbrp") return planar(bytes, width, height, 0);
  if (layout == "yuv420p") return planar(bytes, width, height, 1);
  throw std::runtime_error("no layout is called " + layout);
}

void answer_requests(char** arguments) {
  const Bytes bytes = read_file(arguments[1]);
  const Picture picture = picture_of(bytes, arguments[2], std::atoi(arguments[3]), std::atoi(arguments[4]));
  unreel::image::Preprocessing preprocessing;
  preprocessing.size = std::atoi(arguments[5]);
  const int times = std::atoi(arguments[6]);
  if (preprocessing.size < 1 || times < 1) throw std::runtime_error("SIZE and TIMES must be 1 or more");
  Bytes crop(preprocessing.bytes());
  std::vector<float> floats(crop.size());
  const auto pass = [&] {
    unreel::image::preprocess(picture, preprocessing, crop.data());
    unreel::image::normalize(crop.data(), 1, preprocessing.size, preprocessing.normalization, floats.data());
  };
  pass();
  write_file(arguments[7], crop);
  write_file(arguments[8], floats);
  std::printf("{\"target\": \"%s\"}\n", unreel::simd_target().c_str());
  std::fflush(stdout);
  for (std::string line; std::getline(std::cin, line);) {
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < times; ++i) pass();
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    std::printf("{\"seconds\": %.9f}\n", seconds.count() / times);
    std::fflush(stdout);
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 9) {
    std::fprintf(stderr, "usage: preprocess_loop PICTURE LAYOUT WIDTH HEIGHT SIZE TIMES OUT.u8 OUT.f32\n");
    return 2;
  }
  try {
    answer_requests(arguments);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "preprocess_loop: %s\n", error.what());
    return 1;
  }
}
