#include "image/line_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "image/line_kernels.cc"
#include <hwy/foreach_target.h>  // compiles this file once per target

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace unreel::image::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

using Bytes = hn::CappedTag<std::uint8_t, 64>;
using Words = hn::RepartitionToWide<Bytes>;
using SignedWords = hn::RebindToSigned<Words>;
using WordVector = hn::Vec<Words>;
using SignedVector = hn::Vec<SignedWords>;

HWY_INLINE WordVector load(const std::uint8_t* p) {
  return hn::PromoteTo(Words(), hn::LoadU(hn::Rebind<std::uint8_t, Words>(), p));
}
HWY_INLINE WordVector load(const std::uint16_t* p) { return hn::LoadU(Words(), p); }

/// SSE2 alone has no shuffle of bytes: what Highway puts in its place there is slower than plain code.
constexpr bool kShufflesBytes = HWY_TARGET != HWY_SSE2;

using ByteVector = hn::Vec<Bytes>;

HWY_INLINE void store_rgb(ByteVector red, ByteVector green, ByteVector blue, std::uint8_t* rgb) {
  const Bytes d;
  if constexpr (kShufflesBytes) {
    hn::StoreInterleaved3(red, green, blue, d, rgb);
  } else {
    std::uint8_t planes[3][64];
    hn::StoreU(red, d, planes[0]);
    hn::StoreU(green, d, planes[1]);
    hn::StoreU(blue, d, planes[2]);
    for (std::size_t i = 0; i < hn::Lanes(d); ++i) {
      for (std::size_t c = 0; c < 3; ++c) rgb[3 * i + c] = planes[c][i];
    }
  }
}

/// Numbers of 32 bits as two halves: 2^16 * high + low.
struct Wide {
  SignedVector high;
  WordVector low;
};

HWY_INLINE Wide wide(std::int32_t value) {
  return {hn::Set(SignedWords(), static_cast<std::int16_t>(value >> 16)),
          hn::Set(Words(), static_cast<std::uint16_t>(value & 0xffff))};
}

HWY_INLINE Wide sum(Wide a, Wide b) {
  const WordVector low = hn::Add(a.low, b.low);
  const auto carry = hn::BitCast(SignedWords(), hn::VecFromMask(Words(), hn::Lt(low, b.low)));  // -1 or 0
  return {hn::Sub(hn::Add(a.high, b.high), carry), low};
}

HWY_INLINE Wide product(WordVector samples, Wide factor) {
  const WordVector high = hn::Mul(samples, hn::BitCast(Words(), factor.high));
  return {hn::BitCast(SignedWords(), hn::Add(hn::MulHigh(samples, factor.low), high)), hn::Mul(samples, factor.low)};
}

/// The multipliers of chroma, and the constant that takes the offsets of all samples and the rounding in.
struct ChromaFactors {
  explicit ChromaFactors(const ColorCoefficients& k)
      : red_v(wide(k.red_v)),
        green_u(wide(-k.green_u)),
        green_v(wide(-k.green_v)),
        blue_u(wide(k.blue_u)),
        red(wide(start(k) - k.red_v * k.neutral)),
        green(wide(start(k) + (k.green_u + k.green_v) * k.neutral)),
        blue(wide(start(k) - k.blue_u * k.neutral)) {}

  static std::int32_t start(const ColorCoefficients& k) {
    return (std::int32_t{1} << (k.depth + 7)) - k.luma * k.luma_offset;
  }

  Wide red_v, green_u, green_v, blue_u, red, green, blue;
};

template <int kShift>
HWY_INLINE void store(Wide term, std::size_t i, std::int16_t* highs, std::int16_t* limits) {
  const SignedWords d;
  const SignedVector limit = hn::Xor(hn::BitCast(d, term.low), hn::Set(d, 0x7fff));
  if constexpr (kShift == 0) {
    hn::StoreU(term.high, d, highs + i);
    hn::StoreU(limit, d, limits + i);
  } else {
    hn::StoreInterleaved2(term.high, term.high, d, highs + 2 * i);
    hn::StoreInterleaved2(limit, limit, d, limits + 2 * i);
  }
}

template <int kShift, class T>
void chroma_terms_of(const T* u, const T* v, std::size_t count, const ColorCoefficients& k, ChromaTerms& terms) {
  const ChromaFactors f(k);
  const auto convert = [&](const T* us, const T* vs, std::size_t i) HWY_ATTR {
    const WordVector u16 = load(us);
    const WordVector v16 = load(vs);
    store<kShift>(sum(product(v16, f.red_v), f.red), i, terms.highs[0].data(), terms.limits[0].data());
    store<kShift>(sum(sum(product(u16, f.green_u), product(v16, f.green_v)), f.green), i, terms.highs[1].data(),
                  terms.limits[1].data());
    store<kShift>(sum(product(u16, f.blue_u), f.blue), i, terms.highs[2].data(), terms.limits[2].data());
  };
  const std::size_t lanes = hn::Lanes(Words());
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) convert(u + i, v + i, i);
  if (i == count) return;
  T us[32] = {};
  T vs[32] = {};
  hwy::CopyBytes(u + i, us, (count - i) * sizeof(T));
  hwy::CopyBytes(v + i, vs, (count - i) * sizeof(T));
  convert(us, vs, i);
}

template <int kShift>
void chroma_terms_of(SampleLine u, SampleLine v, std::size_t count, const ColorCoefficients& k, ChromaTerms& terms) {
  if (u.bytes != nullptr) {
    chroma_terms_of<kShift>(u.bytes, v.bytes, count, k, terms);
  } else {
    chroma_terms_of<kShift>(u.words, v.words, count, k, terms);
  }
}

void chroma_terms_on(SampleLine u, SampleLine v, int count, int shift, const ColorCoefficients& k, ChromaTerms& terms) {
  if (shift == 0) {
    chroma_terms_of<0>(u, v, static_cast<std::size_t>(count), k, terms);
  } else {
    chroma_terms_of<1>(u, v, static_cast<std::size_t>(count), k, terms);
  }
}

/// luma * Y, ready for the comparison that finds the carry.
struct Luma {
  SignedVector high;
  SignedVector low;  ///< less 2^15
};

struct LumaFactors {
  explicit LumaFactors(const ColorCoefficients& k)
      : low(hn::Set(Words(), static_cast<std::uint16_t>(k.luma & 0xffff))),
        whole(hn::Set(Words(), static_cast<std::uint16_t>(-(k.luma >> 16)))),
        extra_bits(k.depth - 8) {}

  WordVector low;
  WordVector whole;  ///< luma >> 16 is 0 or 1 for every range and depth; as a mask
  int extra_bits;
};

HWY_INLINE Luma luma_of(WordVector samples, const LumaFactors& f) {
  const SignedWords d;
  const WordVector high = hn::Add(hn::MulHigh(samples, f.low), hn::And(samples, f.whole));
  const WordVector low = hn::Xor(hn::Mul(samples, f.low), hn::Set(Words(), 0x8000));
  return {hn::BitCast(d, high), hn::BitCast(d, low)};
}

/// The sum shifted down, not yet clamped.
template <class T>
HWY_INLINE SignedVector level(const Luma& luma, const LumaFactors& f, const std::int16_t* highs,
                              const std::int16_t* limits) {
  const SignedWords d;
  const SignedVector carry = hn::VecFromMask(d, hn::Gt(luma.low, hn::LoadU(d, limits)));  // -1 or 0
  const SignedVector total = hn::Sub(hn::Add(luma.high, hn::LoadU(d, highs)), carry);
  if constexpr (sizeof(T) == 1) {
    return total;
  } else {
    return hn::ShiftRightSame(total, f.extra_bits);
  }
}

/// Interleaved pixels; the last ones go through a copy, so that nothing is written behind the line.
struct PixelSink {
  std::uint8_t* rgb;

  HWY_INLINE void put(ByteVector red, ByteVector green, ByteVector blue, std::size_t i) const {
    store_rgb(red, green, blue, rgb + 3 * i);
  }
  HWY_INLINE void put_last(ByteVector red, ByteVector green, ByteVector blue, std::size_t i, std::size_t count) const {
    std::uint8_t out[3 * 64];
    store_rgb(red, green, blue, out);
    hwy::CopyBytes(out, rgb + 3 * i, 3 * count);
  }
};

struct ChannelSink {
  const std::array<std::uint8_t*, 3>& channels;

  HWY_INLINE void put(ByteVector red, ByteVector green, ByteVector blue, std::size_t i) const {
    const Bytes d;
    hn::StoreU(red, d, channels[0] + i);
    hn::StoreU(green, d, channels[1] + i);
    hn::StoreU(blue, d, channels[2] + i);
  }
  HWY_INLINE void put_last(ByteVector red, ByteVector green, ByteVector blue, std::size_t i, std::size_t) const {
    put(red, green, blue, i);
  }
};

template <class T, class Sink>
void ycbcr_of(const T* luma, const ChromaTerms& terms, std::size_t count, const ColorCoefficients& k,
              const Sink& sink) {
  const LumaFactors f(k);
  const Bytes d;
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t half = lanes / 2;
  const auto channel = [&](std::size_t c, const Luma& first, const Luma& second, std::size_t i) HWY_ATTR {
    const std::int16_t* highs = terms.highs[c].data() + i;
    const std::int16_t* limits = terms.limits[c].data() + i;
    return hn::OrderedDemote2To(d, level<T>(first, f, highs, limits), level<T>(second, f, highs + half, limits + half));
  };
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    const Luma first = luma_of(load(luma + i), f);
    const Luma second = luma_of(load(luma + i + half), f);
    sink.put(channel(0, first, second, i), channel(1, first, second, i), channel(2, first, second, i), i);
  }
  if (i == count) return;
  T samples[64] = {};
  hwy::CopyBytes(luma + i, samples, (count - i) * sizeof(T));
  const Luma first = luma_of(load(samples), f);
  const Luma second = luma_of(load(samples + half), f);
  sink.put_last(channel(0, first, second, i), channel(1, first, second, i), channel(2, first, second, i), i, count - i);
}

template <class Sink>
void ycbcr_of(SampleLine luma, const ChromaTerms& terms, int count, const ColorCoefficients& k, const Sink& sink) {
  if (luma.bytes != nullptr) {
    ycbcr_of(luma.bytes, terms, static_cast<std::size_t>(count), k, sink);
  } else {
    ycbcr_of(luma.words, terms, static_cast<std::size_t>(count), k, sink);
  }
}

void ycbcr_line_on(SampleLine luma, const ChromaTerms& terms, int count, const ColorCoefficients& k,
                   std::uint8_t* rgb) {
  ycbcr_of(luma, terms, count, k, PixelSink{rgb});
}

void ycbcr_channels_on(SampleLine luma, const ChromaTerms& terms, int count, const ColorCoefficients& k,
                       const std::array<std::uint8_t*, 3>& channels) {
  ycbcr_of(luma, terms, count, k, ChannelSink{channels});
}

void interleave_line_on(const std::uint8_t* red, const std::uint8_t* green, const std::uint8_t* blue, int count,
                        std::uint8_t* rgb) {
  const Bytes d;
  const auto end = static_cast<std::size_t>(count);
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= end; i += lanes) {
    store_rgb(hn::LoadU(d, red + i), hn::LoadU(d, green + i), hn::LoadU(d, blue + i), rgb + 3 * i);
  }
  for (; i < end; ++i) {
    rgb[3 * i] = red[i];
    rgb[3 * i + 1] = green[i];
    rgb[3 * i + 2] = blue[i];
  }
}

HWY_INLINE ByteVector pick(ByteVector a, ByteVector b, ByteVector c, ByteVector d, int index) {
  if (index == 0) return a;
  if (index == 1) return b;
  return index == 2 ? c : d;
}

void repack_line_on(const std::uint8_t* packed, int step, const std::array<int, 3>& order, int count,
                    std::uint8_t* rgb) {
  const Bytes d;
  const auto end = static_cast<std::size_t>(count);
  const auto bytes = static_cast<std::size_t>(step);
  std::size_t i = 0;
  if constexpr (kShufflesBytes) {
    const std::size_t lanes = hn::Lanes(d);
    for (; i + lanes <= end; i += lanes) {
      ByteVector v0, v1, v2, v3;
      if (step == 4) {
        hn::LoadInterleaved4(d, packed + 4 * i, v0, v1, v2, v3);
      } else {
        hn::LoadInterleaved3(d, packed + 3 * i, v0, v1, v2);
        v3 = v2;
      }
      store_rgb(pick(v0, v1, v2, v3, order[0]), pick(v0, v1, v2, v3, order[1]), pick(v0, v1, v2, v3, order[2]),
                rgb + 3 * i);
    }
  }
  for (; i < end; ++i) {
    for (std::size_t c = 0; c < 3; ++c) rgb[3 * i + c] = packed[bytes * i + static_cast<std::size_t>(order[c])];
  }
}

void mirror_line_on(const std::uint8_t* rgb, int count, std::uint8_t* out) {
  const Bytes d;
  const auto end = static_cast<std::size_t>(count);
  std::size_t i = 0;
  if constexpr (kShufflesBytes) {
    const std::size_t lanes = hn::Lanes(d);
    for (; i + lanes <= end; i += lanes) {
      ByteVector red, green, blue;
      hn::LoadInterleaved3(d, rgb + 3 * i, red, green, blue);
      store_rgb(hn::Reverse(d, red), hn::Reverse(d, green), hn::Reverse(d, blue), out + 3 * (end - i - lanes));
    }
  }
  for (; i < end; ++i) hwy::CopyBytes<3>(rgb + 3 * i, out + 3 * (end - 1 - i));
}

/// A square of 16 bytes or 8 words a side. Interleaving the halves of the rows log2(side) times transposes them.
template <class T>
HWY_INLINE void transpose_square(const T* in, std::ptrdiff_t in_stride, T* out, std::ptrdiff_t out_stride) {
  constexpr std::ptrdiff_t kSide = 16 / sizeof(T);
  using D = hn::Full128<T>;
  const D d;
  hn::Vec<D> rows[kSide];
  hn::Vec<D> next[kSide];
  for (std::ptrdiff_t y = 0; y < kSide; ++y) rows[y] = hn::LoadU(d, in + y * in_stride);
  for (std::ptrdiff_t round = kSide; round > 1; round /= 2) {
    for (std::ptrdiff_t y = 0; y < kSide / 2; ++y) {
      next[2 * y] = hn::InterleaveLower(d, rows[y], rows[y + kSide / 2]);
      next[2 * y + 1] = hn::InterleaveUpper(d, rows[y], rows[y + kSide / 2]);
    }
    for (std::ptrdiff_t y = 0; y < kSide; ++y) rows[y] = next[y];
  }
  for (std::ptrdiff_t y = 0; y < kSide; ++y) hn::StoreU(rows[y], d, out + y * out_stride);
}

template <class T>
void transpose_of(const T* in, std::ptrdiff_t in_stride, int width, int height, T* out, std::ptrdiff_t out_stride) {
  constexpr int kSide = 16 / sizeof(T);
  for (int y = 0; y < height; y += kSide) {
    for (int x = 0; x < width; x += kSide) {
      if (height - y >= kSide && width - x >= kSide) {
        transpose_square(in + y * in_stride + x, in_stride, out + x * out_stride + y, out_stride);
        continue;
      }
      for (int j = y; j < height && j < y + kSide; ++j) {
        for (int i = x; i < width && i < x + kSide; ++i) out[i * out_stride + j] = in[j * in_stride + i];
      }
    }
  }
}

void transpose_bytes_on(const std::uint8_t* in, std::ptrdiff_t in_stride, int width, int height, std::uint8_t* out,
                        std::ptrdiff_t out_stride) {
  transpose_of(in, in_stride, width, height, out, out_stride);
}

void transpose_words_on(const std::uint16_t* in, std::ptrdiff_t in_stride, int width, int height, std::uint16_t* out,
                        std::ptrdiff_t out_stride) {
  transpose_of(in, in_stride, width, height, out, out_stride);
}

}  // namespace
}  // namespace unreel::image::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace unreel::image {

HWY_EXPORT(chroma_terms_on);
HWY_EXPORT(ycbcr_line_on);
HWY_EXPORT(ycbcr_channels_on);
HWY_EXPORT(interleave_line_on);
HWY_EXPORT(repack_line_on);
HWY_EXPORT(mirror_line_on);
HWY_EXPORT(transpose_bytes_on);
HWY_EXPORT(transpose_words_on);

ChromaTerms::ChromaTerms(std::size_t length) {
  constexpr std::size_t kVector = 64;  // kernels read and write whole vectors
  for (auto* halves : {&highs, &limits}) {
    for (auto& channel : *halves) channel.resize(length + 2 * kVector);
  }
}

void chroma_terms(SampleLine u, SampleLine v, int count, int shift, const ColorCoefficients& k, ChromaTerms& terms) {
  HWY_DYNAMIC_DISPATCH(chroma_terms_on)(u, v, count, shift, k, terms);
}

void ycbcr_line(SampleLine luma, const ChromaTerms& terms, int count, const ColorCoefficients& k, std::uint8_t* rgb) {
  HWY_DYNAMIC_DISPATCH(ycbcr_line_on)(luma, terms, count, k, rgb);
}

void ycbcr_channels(SampleLine luma, const ChromaTerms& terms, int count, const ColorCoefficients& k,
                    const std::array<std::uint8_t*, 3>& channels) {
  HWY_DYNAMIC_DISPATCH(ycbcr_channels_on)(luma, terms, count, k, channels);
}

void interleave_line(const std::uint8_t* red, const std::uint8_t* green, const std::uint8_t* blue, int count,
                     std::uint8_t* rgb) {
  HWY_DYNAMIC_DISPATCH(interleave_line_on)(red, green, blue, count, rgb);
}

void repack_line(const std::uint8_t* packed, int step, const std::array<int, 3>& order, int count, std::uint8_t* rgb) {
  HWY_DYNAMIC_DISPATCH(repack_line_on)(packed, step, order, count, rgb);
}

void mirror_line(const std::uint8_t* rgb, int count, std::uint8_t* out) {
  HWY_DYNAMIC_DISPATCH(mirror_line_on)(rgb, count, out);
}

void transpose(const std::uint8_t* in, std::ptrdiff_t in_stride, int width, int height, std::uint8_t* out,
               std::ptrdiff_t out_stride) {
  HWY_DYNAMIC_DISPATCH(transpose_bytes_on)(in, in_stride, width, height, out, out_stride);
}

void transpose(const std::uint16_t* in, std::ptrdiff_t in_stride, int width, int height, std::uint16_t* out,
               std::ptrdiff_t out_stride) {
  HWY_DYNAMIC_DISPATCH(transpose_words_on)(in, in_stride, width, height, out, out_stride);
}

}  // namespace unreel::image
#endif  // HWY_ONCE
