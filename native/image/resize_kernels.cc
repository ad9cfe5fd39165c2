#include "image/resize_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "image/resize_kernels.cc"
#include <hwy/foreach_target.h>  // compiles this file once per target

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace unreel::image::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Dwords = hn::CappedTag<std::int32_t, kMostRows>;
using Bytes = hn::Repartition<std::uint8_t, Dwords>;
using SignedBytes = hn::Repartition<std::int8_t, Dwords>;
using Words = hn::Repartition<std::int16_t, Dwords>;
using Sum = hn::Vec<Dwords>;
using ByteVector = hn::Vec<Bytes>;

constexpr std::size_t kRows = hn::MaxLanes(Dwords());
constexpr std::size_t kBlockBytes = 16;  ///< of a vector's parts that shuffles do not cross
constexpr std::size_t kGroupBytes = 4 * kRows;

/// Whether the target sums products of four bytes at once. Three of those by digits are then quicker than halves.
constexpr bool kHasByteProducts =
    HWY_TARGET == HWY_AVX3_DL || HWY_TARGET == HWY_AVX3_ZEN4 || HWY_TARGET == HWY_AVX3_SPR;

std::size_t rows_on() { return kRows; }

/// 16 bytes each of rows 0, 4, 8, ... at `offset`, side by side.
template <class D>
HWY_INLINE hn::Vec<D> load_parts(D d, const std::uint8_t* const* rows, std::size_t offset) {
  if constexpr (hn::MaxLanes(d) == kBlockBytes) {
    return hn::LoadU(d, rows[0] + offset);
  } else {
    const hn::Half<D> half;
    const auto lower = load_parts(half, rows, offset);
    return hn::Combine(d, load_parts(half, rows + hn::MaxLanes(d) / 8, offset), lower);
  }
}

/// Transposes 4 x 4 dwords in each part: dword t of rows j, j + 4, ... becomes lane of vector t.
struct Transposed {
  ByteVector vectors[4];
};

HWY_INLINE Transposed transposed(ByteVector row0, ByteVector row1, ByteVector row2, ByteVector row3) {
  const Dwords d;
  const hn::Repartition<std::int64_t, Dwords> d64;
  const auto low01 = hn::BitCast(d64, hn::InterleaveLower(d, hn::BitCast(d, row0), hn::BitCast(d, row1)));
  const auto low23 = hn::BitCast(d64, hn::InterleaveLower(d, hn::BitCast(d, row2), hn::BitCast(d, row3)));
  const auto high01 = hn::BitCast(d64, hn::InterleaveUpper(d, hn::BitCast(d, row0), hn::BitCast(d, row1)));
  const auto high23 = hn::BitCast(d64, hn::InterleaveUpper(d, hn::BitCast(d, row2), hn::BitCast(d, row3)));
  const Bytes b;
  return {{hn::BitCast(b, hn::InterleaveLower(d64, low01, low23)),
           hn::BitCast(b, hn::InterleaveUpper(d64, low01, low23)),
           hn::BitCast(b, hn::InterleaveLower(d64, high01, high23)),
           hn::BitCast(b, hn::InterleaveUpper(d64, high01, high23))}};
}

/// The rest of some lines, too short for a whole load, where more may be read.
struct Rest {
  std::uint8_t bytes[kMostRows][16] = {};
  const std::uint8_t* rows[kMostRows];

  Rest(const std::uint8_t* const* lines, std::size_t offset, std::size_t count) {
    for (std::size_t r = 0; r < kRows; ++r) {
      hwy::CopyBytes(lines[r] + offset, bytes[r], count);
      rows[r] = bytes[r];
    }
  }
};

void fill_packed_on(const std::uint8_t* const* rows, int step, const std::array<int, 3>& order, std::size_t count,
                    std::uint8_t* block) {
  const Bytes d;
  const auto bytes = static_cast<std::size_t>(step);
  alignas(16) std::uint8_t positions[16] = {};
  for (std::size_t c = 0; c < 3; ++c) {
    for (std::size_t i = 0; i < 4; ++i) {
      positions[4 * c + i] = static_cast<std::uint8_t>(i * bytes + static_cast<std::size_t>(order[c]));
    }
  }
  const ByteVector by_channel = hn::LoadDup128(d, positions);
  const auto fill = [&](const std::uint8_t* const* from, std::size_t offset, std::uint8_t* out) HWY_ATTR {
    const auto quad = [&](std::size_t j)
                          HWY_ATTR { return hn::TableLookupBytes(load_parts(d, from + j, offset), by_channel); };
    const Transposed channels = transposed(quad(0), quad(1), quad(2), quad(3));
    for (std::size_t c = 0; c < 3; ++c) hn::StoreU(channels.vectors[c], d, out + c * kGroupBytes);
  };
  const std::size_t end = count * bytes;
  std::size_t offset = 0;
  for (; offset + 16 <= end; offset += 4 * bytes, block += 3 * kGroupBytes) fill(rows, offset, block);
  for (; offset < end; offset += 4 * bytes, block += 3 * kGroupBytes) {
    const std::size_t left = end - offset;
    fill(Rest(rows, offset, left).rows, 0, block);
  }
}

void fill_planar_on(const std::uint8_t* const (*lines)[kMostRows], std::size_t count, std::uint8_t* block) {
  const Bytes d;
  const auto fill = [&](const std::uint8_t* const* from, std::size_t offset, std::uint8_t* out) HWY_ATTR {
    const Transposed groups = transposed(load_parts(d, from, offset), load_parts(d, from + 1, offset),
                                         load_parts(d, from + 2, offset), load_parts(d, from + 3, offset));
    for (std::size_t g = 0; g < 4; ++g) hn::StoreU(groups.vectors[g], d, out + 3 * g * kGroupBytes);
  };
  for (std::size_t c = 0; c < 3; ++c) {
    std::uint8_t* out = block + c * kGroupBytes;
    std::size_t offset = 0;
    for (; offset + 16 <= count; offset += 16, out += 12 * kGroupBytes) fill(lines[c], offset, out);
    if (offset < count) fill(Rest(lines[c], offset, count - offset).rows, 0, out);
  }
}

/// Sums of products by digits, for targets with products of bytes.
struct DigitSum {
  Sum s0, s1, s2;

  // Written out: a constructor that the compiler supplies is compiled for another target.
  HWY_INLINE DigitSum() : s0(hn::Zero(Dwords())), s1(hn::Zero(Dwords())), s2(hn::Zero(Dwords())) {}

  struct Weights {
    hn::Vec<SignedBytes> d0, d1, d2;
  };
  static HWY_INLINE Weights weights(const Axis& axis, std::size_t at) {
    const Dwords d;
    const DigitWeights& digits = axis.digits[at];
    const auto all = [&](int i) HWY_ATTR {
      std::int32_t four;
      hwy::CopyBytes<4>(digits.digits[i], &four);
      return hn::BitCast(SignedBytes(), hn::Set(d, four));
    };
    return {all(0), all(1), all(2)};
  }
  HWY_INLINE void add(ByteVector samples, const Weights& w) {
    if constexpr (kHasByteProducts) {
      const Dwords d;
      s0 = hn::SumOfMulQuadAccumulate(d, samples, w.d0, s0);
      s1 = hn::SumOfMulQuadAccumulate(d, samples, w.d1, s1);
      s2 = hn::SumOfMulQuadAccumulate(d, samples, w.d2, s2);
    }
  }
  HWY_INLINE Sum total() const { return hn::Add(hn::Add(s0, hn::ShiftLeft<8>(s1)), hn::ShiftLeft<16>(s2)); }
};

/// Sums of products by halves, for all others.
struct HalfSum {
  Sum high, low;

  HWY_INLINE HalfSum() : high(hn::Zero(Dwords())), low(hn::Zero(Dwords())) {}

  struct Weights {
    hn::Vec<Words> high_even, high_odd, low_even, low_odd;
  };
  static HWY_INLINE Weights weights(const Axis& axis, std::size_t at) {
    const Dwords d;
    const HalfWeights& halves = axis.halves[at];
    const auto both = [&](const std::int16_t* pair) HWY_ATTR {
      std::int32_t two;
      hwy::CopyBytes<4>(pair, &two);
      return hn::BitCast(Words(), hn::Set(d, two));
    };
    return {both(halves.high[0]), both(halves.high[1]), both(halves.low[0]), both(halves.low[1])};
  }
  HWY_INLINE void add(ByteVector samples, const Weights& w) {
    const Dwords d;
    const hn::Repartition<std::uint16_t, Dwords> u16;
    const auto even = hn::BitCast(Words(), hn::And(hn::BitCast(u16, samples), hn::Set(u16, 0xff)));
    const auto odd = hn::BitCast(Words(), hn::ShiftRight<8>(hn::BitCast(u16, samples)));
    high = hn::Add(high,
                   hn::Add(hn::WidenMulPairwiseAdd(d, even, w.high_even), hn::WidenMulPairwiseAdd(d, odd, w.high_odd)));
    low =
        hn::Add(low, hn::Add(hn::WidenMulPairwiseAdd(d, even, w.low_even), hn::WidenMulPairwiseAdd(d, odd, w.low_odd)));
  }
  HWY_INLINE Sum total() const { return hn::Add(hn::ShiftLeft<11>(high), low); }
};

template <bool kByDigits>
struct SumFor {
  using Type = HalfSum;
};
template <>
struct SumFor<true> {
  using Type = DigitSum;
};
using Products = SumFor<kHasByteProducts>::Type;

/// kRows levels from as many sums.
HWY_INLINE void store_levels(const Products& sum, Sum half, int bits, std::uint8_t* out) {
  const hn::Rebind<std::uint8_t, Dwords> d;
  hn::StoreU(hn::DemoteTo(d, hn::ShiftRightSame(hn::Add(sum.total(), half), bits)), d, out);
}

/// The dwords of rows 4g to 4g + 3 lie kRows bytes apart: brings those of each g together.
void split_narrowed(const std::uint8_t* narrowed, std::size_t length, std::uint32_t* const* out) {
  const hn::Repartition<std::uint32_t, Dwords> d;
  const auto* from = reinterpret_cast<const std::uint32_t*>(narrowed);
  for (std::size_t i = 0; i < length; i += kRows, from += kRows * (kRows / 4)) {
    if constexpr (kRows == 4) {
      hn::StoreU(hn::LoadU(d, from), d, out[0] + i);
    } else if constexpr (kRows == 8) {
      hn::Vec<decltype(d)> v0, v1;
      hn::LoadInterleaved2(d, from, v0, v1);
      hn::StoreU(v0, d, out[0] + i);
      hn::StoreU(v1, d, out[1] + i);
    } else {
      hn::Vec<decltype(d)> v0, v1, v2, v3;
      hn::LoadInterleaved4(d, from, v0, v1, v2, v3);
      hn::StoreU(v0, d, out[0] + i);
      hn::StoreU(v1, d, out[1] + i);
      hn::StoreU(v2, d, out[2] + i);
      hn::StoreU(v3, d, out[3] + i);
    }
  }
}

void narrow_block_on(const std::uint8_t* block, const Axis& axis, std::int64_t first_group, std::uint8_t* scratch,
                     std::uint32_t* const* out) {
  const Bytes d;
  const Sum half = hn::Set(Dwords(), std::int32_t{1} << (axis.bits - 1));
  std::uint8_t* levels = scratch;
  for (const GroupTap& tap : axis.group_taps) {
    const std::uint8_t* groups = block + static_cast<std::size_t>(tap.first - first_group) * 3 * kGroupBytes;
    Products red, green, blue;
    const auto count = static_cast<std::size_t>(tap.count);
    for (std::size_t i = 0; i < count; ++i, groups += 3 * kGroupBytes) {
      const auto weights = Products::weights(axis, tap.weights + i);
      red.add(hn::LoadU(d, groups), weights);
      green.add(hn::LoadU(d, groups + kGroupBytes), weights);
      blue.add(hn::LoadU(d, groups + 2 * kGroupBytes), weights);
    }
    store_levels(red, half, axis.bits, levels);
    store_levels(green, half, axis.bits, levels + kRows);
    store_levels(blue, half, axis.bits, levels + 2 * kRows);
    levels += 3 * kRows;
  }
  split_narrowed(scratch, 3 * axis.group_taps.size(), out);
}

void column_groups_on(const std::uint32_t* const* lines, const Axis& axis, std::size_t output, std::size_t length,
                      std::uint8_t* out) {
  constexpr std::size_t kVectors = 4;
  const Bytes d;
  const Sum half = hn::Set(Dwords(), std::int32_t{1} << (axis.bits - 1));
  const GroupTap& tap = axis.group_taps[output];
  const auto count = static_cast<std::size_t>(tap.count);
  std::uint8_t last[kVectors * kRows];
  for (std::size_t x = 0; x < length; x += kVectors * kRows) {
    Products sums[kVectors];
    for (std::size_t i = 0; i < count; ++i) {
      const auto weights = Products::weights(axis, tap.weights + i);
      const auto* line = reinterpret_cast<const std::uint8_t*>(lines[i] + x);
      for (std::size_t v = 0; v < kVectors; ++v) sums[v].add(hn::LoadU(d, line + v * kGroupBytes), weights);
    }
    const bool whole = x + kVectors * kRows <= length;
    std::uint8_t* const to = whole ? out + x : last;
    for (std::size_t v = 0; v < kVectors; ++v) store_levels(sums[v], half, axis.bits, to + v * kRows);
    if (!whole) hwy::CopyBytes(last, out + x, length - x);
  }
}

}  // namespace
}  // namespace unreel::image::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace unreel::image {

HWY_EXPORT(rows_on);
HWY_EXPORT(fill_packed_on);
HWY_EXPORT(fill_planar_on);
HWY_EXPORT(narrow_block_on);
HWY_EXPORT(column_groups_on);

std::size_t rows_of_block() { return HWY_DYNAMIC_DISPATCH(rows_on)(); }

std::size_t bytes_of_block(std::size_t samples, std::size_t rows) {
  // fill_block_planar writes four groups at a time.
  return (samples + 15) / 16 * 4 * 3 * 4 * rows;
}

std::size_t padded_length(std::size_t size) {
  constexpr std::size_t kMost = 4 * kMostRows;  // resize_column_groups reads four vectors at a time
  return (3 * size + kMost - 1) / kMost * kMost;
}

std::size_t bytes_of_narrowed(std::size_t size) { return padded_length(size) * kMostRows; }

void fill_block_packed(const std::uint8_t* const* rows, int step, const std::array<int, 3>& order, std::size_t count,
                       std::uint8_t* block) {
  HWY_DYNAMIC_DISPATCH(fill_packed_on)(rows, step, order, count, block);
}

void fill_block_planar(const std::uint8_t* const (*lines)[kMostRows], std::size_t count, std::uint8_t* block) {
  HWY_DYNAMIC_DISPATCH(fill_planar_on)(lines, count, block);
}

void narrow_block(const std::uint8_t* block, const Axis& axis, std::int64_t first_group, std::uint8_t* scratch,
                  std::uint32_t* const* out) {
  HWY_DYNAMIC_DISPATCH(narrow_block_on)(block, axis, first_group, scratch, out);
}

void resize_column_groups(const std::uint32_t* const* lines, const Axis& axis, std::size_t output, std::size_t length,
                          std::uint8_t* out) {
  HWY_DYNAMIC_DISPATCH(column_groups_on)(lines, axis, output, length, out);
}

}  // namespace unreel::image
#endif  // HWY_ONCE
