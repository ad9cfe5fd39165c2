// One axis of a bicubic resize: which source samples each output sample is made of, and with which integer weights.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace unreel::image {

/// Whose integers stand for the weights of Keys' bicubic kernel (a = -0.5), stretched where an axis shrinks.
enum class Weighting {
  pillow,  ///< 22 fraction bits. Source: Pillow 12.3, src/libImaging/Resample.c
  torch,   ///< as many fraction bits as keep the largest weight of the whole axis below 2^15. Source: PyTorch 2,
           ///< aten/src/ATen/native/cpu/UpSampleKernel.cpp, compute_index_ranges_int16_weights
};

/// `in` samples resized to `out`, of which [offset, offset + size) are kept. in == out copies.
struct AxisSpec {
  Weighting weighting = Weighting::pillow;
  std::int64_t in = 0;
  std::int64_t out = 0;
  std::int64_t offset = 0;
  int size = 0;
  bool mirrored = false;  ///< source samples are counted from the far end

  auto operator<=>(const AxisSpec&) const = default;
};

/// One output sample: the weighted sum of source samples [first, first + count).
struct Tap {
  std::int64_t first = 0;
  std::int64_t count = 0;
  std::size_t weights = 0;  ///< index of its first weight
};

/// What the kernels see of an output sample: whole groups of 4 source samples, group g being [4g, 4g + 4).
struct GroupTap {
  std::int64_t first = 0;   ///< group
  std::int64_t count = 0;   ///< groups
  std::size_t weights = 0;  ///< index of its first group's weights in digits and in halves
};

/// The weights of one group as three digits of 8 bits: weight = d0 + 2^8 d1 + 2^16 d2, each -128 to 127.
struct DigitWeights {
  std::int8_t digits[3][4];
};

/// The weights of one group as halves: weight = 2^11 high + low, |low| <= 1024. Samples 0 and 2 first, then 1 and 3.
struct HalfWeights {
  std::int16_t high[2][2];
  std::int16_t low[2][2];
};

/**
 * An output sample is clamp((sum of sample * weight + 2^(bits - 1)) >> bits) to 0..255; every sum fits 32 bits. Weights
 * of samples that a group has beyond its tap are 0. Immutable.
 */
struct Axis {
  int bits = 0;
  std::vector<Tap> taps;  ///< one per kept output sample
  std::vector<std::int32_t> weights;

  std::vector<GroupTap> group_taps;
  std::vector<DigitWeights> digits;
  std::vector<HalfWeights> halves;

  /// Source samples that any output wants: [begin, end).
  std::int64_t begin = 0;
  std::int64_t end = 0;

  std::size_t bytes() const;
};

Axis make_axis(const AxisSpec& spec);

/**
 * The axis, made once and kept for the next picture of the same size. Process-wide and bounded: the axes that were
 * asked for longest ago are let go. Thread-safe.
 */
std::shared_ptr<const Axis> axis_of(const AxisSpec& spec);

}  // namespace unreel::image
