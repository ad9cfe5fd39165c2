// The vector kernels of to_rgb: whole lines of pixels, on the target that base/simd_target.h names.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "image/color.h"

namespace unreel::image {

/// Samples of one component along a line, as bytes or as 16-bit numbers: one of the two is set. A view.
struct SampleLine {
  const std::uint8_t* bytes = nullptr;
  const std::uint16_t* words = nullptr;
};

/**
 * What chroma adds to luma along a line, for R, G and B. The definition's sum is luma * Y + term with
 *
 *     term = half - luma * luma_offset + the channel's products of chroma
 *
 * and for up to 12 bits both addends fit 32 bits. A term is kept as two 16-bit halves, so that lanes of 16 bits are
 * enough: with luma * Y = 2^16 * h + l and term = 2^16 * high + low,
 *
 *     (luma * Y + term) >> 16 = h + high + (l + low >= 2^16)
 *
 * where h, high fit 16 bits signed, and the shift by the remaining depth - 8 bits follows: a shift that rounds down may
 * be done in two steps. l + low >= 2^16 is l > 2^16 - 1 - low; `limits` holds that right side less 2^15, because
 * vectors compare signed numbers.
 */
struct ChromaTerms {
  /// length: pixels of a line.
  explicit ChromaTerms(std::size_t length);

  std::array<std::vector<std::int16_t>, 3> highs;   ///< R, G, B
  std::array<std::vector<std::int16_t>, 3> limits;  ///< R, G, B
};

/// Fills `terms` from `count` chroma samples; each stands for 2^shift pixels along the line, shift 0 or 1.
void chroma_terms(SampleLine u, SampleLine v, int count, int shift, const ColorCoefficients& k, ChromaTerms& terms);

/// count pixels of RGB by the definition. k.depth is 8 for bytes, 8 to 12 for words.
void ycbcr_line(SampleLine luma, const ChromaTerms& terms, int count, const ColorCoefficients& k, std::uint8_t* rgb);

/// The same as a line of each channel; whole vectors are written: up to kLinePadding bytes beyond `count`.
void ycbcr_channels(SampleLine luma, const ChromaTerms& terms, int count, const ColorCoefficients& k,
                    const std::array<std::uint8_t*, 3>& channels);
inline constexpr std::size_t kLinePadding = 64;

/// count pixels of RGB from a line of each channel.
void interleave_line(const std::uint8_t* red, const std::uint8_t* green, const std::uint8_t* blue, int count,
                     std::uint8_t* rgb);

/// count pixels of RGB from pixels of `step` bytes, 3 or 4; order: which byte of a pixel is R, G, B.
void repack_line(const std::uint8_t* packed, int step, const std::array<int, 3>& order, int count, std::uint8_t* rgb);

/// count pixels of RGB in the reverse order.
void mirror_line(const std::uint8_t* rgb, int count, std::uint8_t* out);

/// out[x * out_stride + y] = in[y * in_stride + x] for y < height, x < width; strides in samples.
void transpose(const std::uint8_t* in, std::ptrdiff_t in_stride, int width, int height, std::uint8_t* out,
               std::ptrdiff_t out_stride);
void transpose(const std::uint16_t* in, std::ptrdiff_t in_stride, int width, int height, std::uint16_t* out,
               std::ptrdiff_t out_stride);

}  // namespace unreel::image
