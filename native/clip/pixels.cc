#include "clip/pixels.h"

#include <array>
#include <cstring>

#include "base/half.h"

namespace unreel::clip {
namespace {

/// What each byte becomes, by channel.
template <class Pixel>
using Table = std::array<std::array<Pixel, 256>, 3>;

template <class Pixel, class Convert>
Table<Pixel> table_of(const image::Normalization& normalization, const Convert& convert) {
  Table<Pixel> table;
  for (std::size_t c = 0; c < 3; ++c) {
    for (std::size_t v = 0; v < 256; ++v)
      table[c][v] = convert((static_cast<float>(v) / 255.0F - normalization.mean[c]) / normalization.std[c]);
  }
  return table;
}

/// One picture of `area` RGB pixels by the table, channel after channel or pixel after pixel.
template <class Pixel>
void look_up(const std::uint8_t* rgb, std::size_t area, const Table<Pixel>& table, bool channels_last, Pixel* out) {
  for (std::size_t i = 0; i < area; ++i) {
    for (std::size_t c = 0; c < 3; ++c) out[channels_last ? 3 * i + c : c * area + i] = table[c][rgb[3 * i + c]];
  }
}

template <class Pixel>
void look_up_all(const std::uint8_t* crops, int count, const EncoderContract& contract, const Table<Pixel>& table,
                 std::uint8_t* out) {
  const std::size_t values = contract.preprocessing.bytes();
  for (int i = 0; i < count; ++i, crops += values, out += values * sizeof(Pixel)) {
    look_up(crops, values / 3, table, contract.channels_last, reinterpret_cast<Pixel*>(out));
  }
}

}  // namespace

std::size_t pixel_bytes(const EncoderContract& contract) {
  const std::size_t element = contract.pixel_type == PixelType::float32   ? sizeof(float)
                              : contract.pixel_type == PixelType::float16 ? sizeof(std::uint16_t)
                                                                          : 1;
  return contract.preprocessing.bytes() * element;
}

void fill_pixels(const std::uint8_t* crops, int count, const EncoderContract& contract, std::uint8_t* out) {
  const image::Preprocessing& preprocessing = contract.preprocessing;
  const image::Normalization& normalization = preprocessing.normalization;
  if (contract.pixel_type == PixelType::uint8) {
    if (contract.channels_last || preprocessing.variant == image::Variant::luma_tiles) {
      std::memcpy(out, crops, static_cast<std::size_t>(count) * preprocessing.bytes());
      return;
    }
    Table<std::uint8_t> same;
    for (auto& channel : same) {
      for (std::size_t v = 0; v < channel.size(); ++v) channel[v] = static_cast<std::uint8_t>(v);
    }
    look_up_all(crops, count, contract, same, out);
  } else if (contract.pixel_type == PixelType::float16) {
    look_up_all(crops, count, contract, table_of<std::uint16_t>(normalization, float_to_half), out);
  } else if (contract.channels_last) {
    look_up_all(crops, count, contract, table_of<float>(normalization, [](float value) { return value; }), out);
  } else {
    image::normalize(crops, count, preprocessing.size, normalization, reinterpret_cast<float*>(out));
  }
}

}  // namespace unreel::clip
