#include "image/color_reference.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/error.h"
#include "image/color.h"
#include "image/placement.h"
#include "image/samples.h"

namespace unreel::image {
namespace {

std::uint8_t clamp_to_byte(std::int64_t value) {
  return static_cast<std::uint8_t>(std::clamp<std::int64_t>(value, 0, 255));
}
std::uint8_t clamp_to_byte(std::int32_t value) { return static_cast<std::uint8_t>(std::clamp(value, 0, 255)); }

/// Samples of `depth` bits to 8 bits: round(v * 255 / (2^depth - 1)), half up.
void scale_to_byte(const std::uint16_t* samples, int depth, int count, std::uint8_t* out) {
  if (depth == 8) {
    std::copy_n(samples, count, out);
    return;
  }
  const std::uint32_t top = (1U << depth) - 1;
  for (int i = 0; i < count; ++i) out[i] = static_cast<std::uint8_t>((samples[i] * 510U + top) / (2 * top));
}

void interleave(const std::uint8_t* red, const std::uint8_t* green, const std::uint8_t* blue, int count,
                std::uint8_t* rgb) {
  for (std::ptrdiff_t i = 0; i < count; ++i) {
    rgb[3 * i] = red[i];
    rgb[3 * i + 1] = green[i];
    rgb[3 * i + 2] = blue[i];
  }
}

void lay_on_black(const std::uint8_t* alpha, int count, std::uint8_t* rgb) {
  for (std::ptrdiff_t i = 0; i < count; ++i) {
    for (std::ptrdiff_t c = 0; c < 3; ++c) {
      rgb[3 * i + c] = static_cast<std::uint8_t>((rgb[3 * i + c] * alpha[i] + 127) / 255);
    }
  }
}

/// Turns stored rows into width x 3 bytes of RGB, alpha not yet applied. Rows are asked for from the top.
class Rows {
 public:
  explicit Rows(const Picture& picture)
      : picture_(picture), width_(static_cast<std::size_t>(picture.width)), samples_(width_) {}
  virtual ~Rows() = default;
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;

  virtual void convert(int row, std::uint8_t* rgb) = 0;

 protected:
  const Picture& picture_;
  std::size_t width_;
  std::vector<std::uint16_t> samples_;
};

class PaletteRows final : public Rows {
 public:
  explicit PaletteRows(const Picture& picture) : Rows(picture), colors_(3 * 256) {
    std::vector<std::uint8_t> alpha(256);
    for (std::size_t i = 0; i < 256; ++i) {
      std::uint32_t argb = 0;
      std::memcpy(&argb, picture.planes[1] + 4 * i, 4);
      for (std::size_t c = 0; c < 3; ++c) colors_[3 * i + c] = static_cast<std::uint8_t>(argb >> (16 - 8 * c));
      alpha[i] = static_cast<std::uint8_t>(argb >> 24);
    }
    if (picture.alpha == Alpha::on_black) lay_on_black(alpha.data(), 256, colors_.data());
  }

  void convert(int row, std::uint8_t* rgb) override {
    read_samples(picture_, picture_.layout.components[0], row, picture_.width, samples_.data());
    for (std::size_t x = 0; x < width_; ++x) std::copy_n(&colors_[3 * std::size_t{samples_[x]}], 3, rgb + 3 * x);
  }

 private:
  std::vector<std::uint8_t> colors_;
};

class GrayRows final : public Rows {
 public:
  explicit GrayRows(const Picture& picture) : Rows(picture), gray_(width_) {}

  void convert(int row, std::uint8_t* rgb) override {
    const Component& component = picture_.layout.components[0];
    read_samples(picture_, component, row, picture_.width, samples_.data());
    scale_to_byte(samples_.data(), component.depth, picture_.width, gray_.data());
    interleave(gray_.data(), gray_.data(), gray_.data(), picture_.width, rgb);
  }

 private:
  std::vector<std::uint8_t> gray_;
};

class RgbRows final : public Rows {
 public:
  explicit RgbRows(const Picture& picture) : Rows(picture), planar_(3 * width_) {}

  void convert(int row, std::uint8_t* rgb) override {
    for (std::size_t c = 0; c < 3; ++c) {
      const Component& component = picture_.layout.components[c];
      read_samples(picture_, component, row, picture_.width, samples_.data());
      scale_to_byte(samples_.data(), component.depth, picture_.width, &planar_[c * width_]);
    }
    interleave(&planar_[0], &planar_[width_], &planar_[2 * width_], picture_.width, rgb);
  }

 private:
  std::vector<std::uint8_t> planar_;
};

/// What luma adds to, for every column: the chroma terms of R, G and B and the half that rounds.
template <class Wide>
struct ChromaTerms {
  std::vector<Wide> red, green, blue;
};

/**
 * Wide holds the sums: 32 bits are enough up to 12 bits a sample (luma < 1.2 * 2^16, chroma terms < 2.2 * 2^16 each and
 * samples < 2^12 give less than 2^31), deeper ones take 64. The chroma terms of a row are kept for the rows that share
 * it.
 */
template <class Wide>
class YcbcrRows final : public Rows {
 public:
  explicit YcbcrRows(const Picture& picture)
      : Rows(picture),
        k_(color_coefficients(picture.matrix, picture.range, picture.layout.components[0].depth)),
        chroma_width_((width_ + (std::size_t{1} << picture.layout.chroma_shift_x) - 1) >>
                      picture.layout.chroma_shift_x),
        u_(chroma_width_),
        v_(chroma_width_),
        terms_{std::vector<Wide>(width_), std::vector<Wide>(width_), std::vector<Wide>(width_)},
        planar_(3 * width_) {}

  void convert(int row, std::uint8_t* rgb) override {
    const int chroma_row = row >> picture_.layout.chroma_shift_y;
    if (chroma_row != terms_row_) prepare_terms(chroma_row);
    read_samples(picture_, picture_.layout.components[0], row, picture_.width, samples_.data());
    add_luma(terms_.red.data(), &planar_[0]);
    add_luma(terms_.green.data(), &planar_[width_]);
    add_luma(terms_.blue.data(), &planar_[2 * width_]);
    interleave(&planar_[0], &planar_[width_], &planar_[2 * width_], picture_.width, rgb);
  }

 private:
  void prepare_terms(int chroma_row) {
    const int count = static_cast<int>(chroma_width_);
    read_samples(picture_, picture_.layout.components[1], chroma_row, count, u_.data());
    read_samples(picture_, picture_.layout.components[2], chroma_row, count, v_.data());
    const Wide half = Wide{1} << (k_.depth + 7);
    const int shift = picture_.layout.chroma_shift_x;
    for (std::size_t x = 0; x < width_; ++x) {
      const Wide u = Wide{u_[x >> shift]} - k_.neutral;
      const Wide v = Wide{v_[x >> shift]} - k_.neutral;
      terms_.red[x] = k_.red_v * v + half;
      terms_.green[x] = half - k_.green_u * u - k_.green_v * v;
      terms_.blue[x] = k_.blue_u * u + half;
    }
    terms_row_ = chroma_row;
  }

  void add_luma(const Wide* terms, std::uint8_t* out) const {
    const Wide luma = k_.luma;
    const Wide offset = k_.luma_offset;
    const int bits = k_.depth + 8;
    const std::uint16_t* samples = samples_.data();
    for (std::size_t x = 0; x < width_; ++x) {
      out[x] = clamp_to_byte(static_cast<Wide>((luma * (Wide{samples[x]} - offset) + terms[x]) >> bits));
    }
  }

  ColorCoefficients k_;
  std::size_t chroma_width_;
  std::vector<std::uint16_t> u_, v_;
  ChromaTerms<Wide> terms_;
  int terms_row_ = -1;
  std::vector<std::uint8_t> planar_;
};

[[noreturn]] void refuse(const std::string& what) {
  throw Error(ErrorCode::codec_unsupported, "The pixel layout cannot be turned into RGB: " + what + ".");
}

void require_readable(const PixelLayout& layout) {
  if (layout.component_count < 1 || layout.component_count > 4) {
    refuse(std::to_string(layout.component_count) + " components, expected 1 to 4");
  }
  for (std::size_t c = 0; c < static_cast<std::size_t>(layout.component_count); ++c) {
    const Component& component = layout.components[c];
    if (component.depth < 2 || component.depth > 16 || component.shift < 0 || component.shift + component.depth > 32) {
      refuse("component " + std::to_string(c) + " has " + std::to_string(component.depth) +
             " bits, expected 2 to 16 in a word of 32");
    }
  }
}

std::unique_ptr<Rows> rows_of(const Picture& picture) {
  const PixelLayout& layout = picture.layout;
  require_readable(layout);
  if (layout.has_palette) {
    if (layout.components[0].depth > 8) refuse("a palette index of more than 8 bits");
    return std::make_unique<PaletteRows>(picture);
  }
  const int colors = layout.component_count - (layout.has_alpha ? 1 : 0);
  if (colors == 1) return std::make_unique<GrayRows>(picture);
  if (colors != 3) refuse(std::to_string(colors) + " colour components, expected 1 or 3");
  if (layout.is_rgb) return std::make_unique<RgbRows>(picture);

  const int depth = layout.components[0].depth;
  if (depth < 8 || layout.components[1].depth != depth || layout.components[2].depth != depth) {
    refuse("Y'CbCr of fewer than 8 bits or of unequal depths");
  }
  if (depth <= 12) return std::make_unique<YcbcrRows<std::int32_t>>(picture);
  return std::make_unique<YcbcrRows<std::int64_t>>(picture);
}

}  // namespace

void to_rgb_reference(const Picture& picture, std::uint8_t* rgb) {
  UNREEL_CHECK(picture.width > 0 && picture.height > 0);
  const std::unique_ptr<Rows> rows = rows_of(picture);
  const Placement place = placement_of(picture);
  const auto width = static_cast<std::size_t>(picture.width);
  const PixelLayout& layout = picture.layout;
  const bool blends = picture.alpha == Alpha::on_black && layout.has_alpha && !layout.has_palette;

  std::vector<std::uint16_t> alpha_samples(blends ? width : 0);
  std::vector<std::uint8_t> alpha(blends ? width : 0);
  std::vector<std::uint8_t> turned(place.step_x == 1 ? 0 : 3 * width);
  for (int y = 0; y < picture.height; ++y) {
    std::uint8_t* const first = rgb + 3 * (place.origin + y * place.step_y);
    std::uint8_t* const line = turned.empty() ? first : turned.data();
    rows->convert(y, line);
    if (blends) {
      const Component& component = layout.components[static_cast<std::size_t>(layout.component_count) - 1];
      read_samples(picture, component, y, picture.width, alpha_samples.data());
      scale_to_byte(alpha_samples.data(), component.depth, picture.width, alpha.data());
      lay_on_black(alpha.data(), picture.width, line);
    }
    if (!turned.empty()) {
      for (std::ptrdiff_t x = 0; x < picture.width; ++x) std::copy_n(line + 3 * x, 3, first + 3 * x * place.step_x);
    }
  }
}

}  // namespace unreel::image
