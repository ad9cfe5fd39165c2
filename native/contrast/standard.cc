#include "contrast/standard.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/check.h"
#include "base/thread.h"

namespace unreel::contrast {
namespace {

/// Rows that are gathered at once. Part of the result's last bits, so it is no option.
constexpr std::size_t kChunk = 1024;

constexpr double kSmallestShare = 0.01;

/// Mean, and sum of squared distances from it, of each feature over some rows.
struct Moments {
  double rows = 0;
  std::vector<double> mean;
  std::vector<double> squares;

  explicit Moments(std::size_t dims) : mean(dims), squares(dims) {}

  /// x: count x dims.
  void assign(const float* x, std::size_t count) {
    const std::size_t dims = mean.size();
    rows = static_cast<double>(count);
    std::fill(mean.begin(), mean.end(), 0);
    std::fill(squares.begin(), squares.end(), 0);
    for (std::size_t r = 0; r < count; ++r) {
      for (std::size_t i = 0; i < dims; ++i) mean[i] += x[r * dims + i];
    }
    for (double& each : mean) each /= rows;
    for (std::size_t r = 0; r < count; ++r) {
      for (std::size_t i = 0; i < dims; ++i) {
        const double off = x[r * dims + i] - mean[i];
        squares[i] += off * off;
      }
    }
  }

  void merge(const Moments& other) {
    const double all = rows + other.rows;
    for (std::size_t i = 0; i < mean.size(); ++i) {
      const double off = other.mean[i] - mean[i];
      mean[i] += off * (other.rows / all);
      squares[i] += other.squares[i] + off * off * (rows * other.rows / all);
    }
    rows = all;
  }
};

/// Of `rows`, `threads` chunks at a time.
Moments moments_of(const RowSource& source, const std::vector<std::size_t>& rows, int threads) {
  const std::size_t dims = source.dims();
  const std::size_t chunks = (rows.size() + kChunk - 1) / kChunk;
  const std::size_t at_once = std::min(static_cast<std::size_t>(threads), chunks);
  std::vector<Moments> parts(at_once, Moments(dims));
  std::vector<std::vector<float>> x(at_once, std::vector<float>(std::min(kChunk, rows.size()) * dims));
  Moments all(dims);
  for (std::size_t first = 0; first < chunks; first += at_once) {
    const std::size_t count = std::min(at_once, chunks - first);
    parallel_for(count, threads, [&](std::size_t begin, std::size_t end) {
      for (std::size_t part = begin; part < end; ++part) {
        const std::size_t from = (first + part) * kChunk;
        const std::size_t taken = std::min(kChunk, rows.size() - from);
        source.gather(rows.data() + from, taken, x[part].data());
        parts[part].assign(x[part].data(), taken);
      }
    });
    for (std::size_t part = 0; part < count; ++part) all.merge(parts[part]);
  }
  return all;
}

}  // namespace

Standard standard_of(const RowSource& source, const std::vector<std::size_t>& rows,
                     const std::vector<std::size_t>& blocks, int threads) {
  const std::size_t dims = source.dims();
  UNREEL_CHECK(!rows.empty() && threads >= 1);
  UNREEL_CHECK(std::accumulate(blocks.begin(), blocks.end(), std::size_t{0}) == dims);
  Moments moments = moments_of(source, rows, threads);
  Standard standard{std::move(moments.mean), std::vector<double>(dims)};
  std::size_t from = 0;
  for (const std::size_t block : blocks) {
    const double* const squares = moments.squares.data() + from;
    const auto size = static_cast<double>(block);
    const double typical = std::sqrt(std::accumulate(squares, squares + block, 0.0) / (moments.rows * size));
    const double weight = std::sqrt(size * static_cast<double>(blocks.size()));
    for (std::size_t i = 0; i < block; ++i) {
      const double deviation = std::max(std::sqrt(squares[i] / moments.rows), kSmallestShare * typical);
      standard.factor[from + i] = deviation > 0 ? 1 / (deviation * weight) : 0;
    }
    from += block;
  }
  return standard;
}

void fold(const Standard& standard, float* weight, float* bias, std::size_t in, std::size_t out) {
  for (std::size_t o = 0; o < out; ++o) {
    float* const row = weight + o * in;
    double shift = 0;
    for (std::size_t i = 0; i < in; ++i) {
      row[i] = static_cast<float>(row[i] * standard.factor[i]);
      shift += row[i] * standard.mean[i];
    }
    bias[o] = static_cast<float>(bias[o] - shift);
  }
}

void StandardizedRows::gather(const std::size_t* rows, std::size_t count, float* out) const {
  source_.gather(rows, count, out);
  const std::size_t dims = source_.dims();
  const double* const mean = standard_.mean.data();
  const double* const factor = standard_.factor.data();
  for (std::size_t r = 0; r < count; ++r) {
    float* const row = out + r * dims;
    for (std::size_t i = 0; i < dims; ++i) row[i] = static_cast<float>((row[i] - mean[i]) * factor[i]);
  }
}

}  // namespace unreel::contrast
