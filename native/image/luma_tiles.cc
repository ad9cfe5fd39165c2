#include "image/luma_tiles.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/error.h"
#include "image/color.h"
#include "image/samples.h"

namespace unreel::image {
namespace {

/// Tiles along a side, and where they begin in twentieths of the free span.
constexpr int kGrid = 5;
constexpr std::array<int, kGrid> kTwentieths{0, 7, 10, 13, 20};
static_assert(kGrid * kGrid == kLumaTiles);

bool is_inner(int index) { return index > 0 && index < kGrid - 1; }
constexpr int kInnerTiles = (kGrid - 2) * (kGrid - 2);

/// Pixel `index` of a line of `length`, mirrored at both ends.
int mirrored(int index, int length) {
  if (length == 1) return 0;
  const int period = 2 * (length - 1);
  const int at = index % period;
  return at < length ? at : period - at;
}

/// The pixels of one shown line that each of the tiles along it takes.
std::array<std::vector<int>, kGrid> tile_lines(int length, int size) {
  const std::int64_t span = std::max(length - size, 0);
  std::array<std::vector<int>, kGrid> lines;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto begin = static_cast<int>((kTwentieths[i] * span + 10) / 20);
    for (int k = 0; k < size; ++k) lines[i].push_back(mirrored(begin + k, length));
  }
  return lines;
}

/// What the lines of the upright picture are in the stored one.
void reverse(std::array<std::vector<int>, kGrid>& lines, int length) {
  for (auto& line : lines) {
    for (int& index : line) index = length - 1 - index;
  }
}

std::uint8_t byte_of(std::uint16_t sample, int depth) {
  if (depth == 8) return static_cast<std::uint8_t>(sample);
  return static_cast<std::uint8_t>(std::min((sample + (1 << (depth - 9))) >> (depth - 8), 255));
}

/// Reads the brightness of stored pixels.
class Luma {
 public:
  explicit Luma(const Picture& picture) : picture_(picture), component_(picture.layout.components[0]) {
    const PixelLayout& layout = picture.layout;
    if (layout.is_rgb || layout.has_palette || layout.component_count < 3) {
      convert();
    } else if (component_.depth < 8 || component_.depth > 16) {
      throw Error(ErrorCode::codec_unsupported, "The pixel layout's brightness cannot be read: " +
                                                    std::to_string(component_.depth) + " bits, expected 8 to 16.");
    }
  }

  /// One stored row's pixels at `columns`, written `step` bytes apart.
  void read(int row, const std::vector<int>& columns, std::uint8_t* out, std::ptrdiff_t step) {
    const auto [first, last] = std::minmax_element(columns.begin(), columns.end());
    if (!converted_.empty()) {
      const std::uint8_t* line = &converted_[static_cast<std::size_t>(row) * static_cast<std::size_t>(picture_.width)];
      for (const int column : columns) {
        *out = line[column];
        out += step;
      }
      return;
    }
    Component from = component_;
    from.offset += *first * from.step;
    samples_.resize(static_cast<std::size_t>(*last - *first) + 1);
    read_samples(picture_, from, row, static_cast<int>(samples_.size()), samples_.data());
    for (const int column : columns) {
      *out = byte_of(samples_[static_cast<std::size_t>(column - *first)], component_.depth);
      out += step;
    }
  }

 private:
  /// By way of RGB, for layouts that hold no brightness of their own.
  void convert() {
    Picture plain = picture_;
    plain.quarter_turns = 0;
    plain.flipped = false;
    plain.alpha = Alpha::dropped;
    const std::size_t pixels = static_cast<std::size_t>(plain.width) * static_cast<std::size_t>(plain.height);
    std::vector<std::uint8_t> rgb(pixels * 3);
    to_rgb(plain, rgb.data());
    converted_.resize(pixels);
    for (std::size_t i = 0; i < pixels; ++i) {
      const std::uint8_t* p = &rgb[3 * i];
      converted_[i] = static_cast<std::uint8_t>((77 * p[0] + 150 * p[1] + 29 * p[2] + 128) >> 8);
    }
  }

  const Picture& picture_;
  const Component component_;
  std::vector<std::uint8_t> converted_;  ///< the whole picture as stored; empty where samples are read
  std::vector<std::uint16_t> samples_;
};

}  // namespace

void luma_tiles(const Picture& picture, int size, std::uint8_t* out) {
  UNREEL_CHECK(size >= 1 && picture.width >= 1 && picture.height >= 1);
  const int turns = picture.quarter_turns;
  const bool across = turns % 2 != 0;  // a shown row is a stored column
  auto shown_columns = tile_lines(picture.shown_width(), size);
  auto shown_rows = tile_lines(picture.shown_height(), size);
  auto& columns = across ? shown_rows : shown_columns;
  auto& rows = across ? shown_columns : shown_rows;
  if ((turns == 2 || turns == 3) != picture.flipped) reverse(columns, picture.width);
  if (turns == 1 || turns == 2) reverse(rows, picture.height);

  Luma luma(picture);
  const std::ptrdiff_t line = size;
  const std::ptrdiff_t area = line * line;
  std::ptrdiff_t inner = 0;
  std::ptrdiff_t outer = kInnerTiles;
  for (int row = 0; row < kGrid; ++row) {
    for (int column = 0; column < kGrid; ++column) {
      std::uint8_t* tile = out + area * (is_inner(row) && is_inner(column) ? inner++ : outer++);
      const auto& stored_rows = rows[static_cast<std::size_t>(across ? column : row)];
      const auto& stored_columns = columns[static_cast<std::size_t>(across ? row : column)];
      for (int k = 0; k < size; ++k) {
        luma.read(stored_rows[static_cast<std::size_t>(k)], stored_columns, tile + (across ? k : k * line),
                  across ? line : 1);
      }
    }
  }
}

}  // namespace unreel::image
