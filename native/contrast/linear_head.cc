#include "contrast/linear_head.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/random.h"
#include "base/thread.h"
#include "contrast/arguments.h"
#include "contrast/panels.h"
#include "contrast/unit_row.h"

namespace unreel::contrast {
namespace {

/// Rows that are worked on at once: they share each pass over the weights.
constexpr std::size_t kRowTile = 32;

/// Calls finish(row, u) for every row, u in double; from several threads, for each row once.
template <class Finish>
void for_each_output(const LinearHead& head, const float* x, std::size_t rows, int threads, const Finish& finish) {
  UNREEL_CHECK(head.weight.size() == head.in * head.out && head.bias.size() == head.out);
  const Panels weights(head.weight.data(), head.out, head.in);
  const std::size_t columns = Panels::padded(head.out);
  const std::size_t tiles = (rows + kRowTile - 1) / kRowTile;
  parallel_for(tiles, threads, [&](std::size_t begin, std::size_t end) {
    std::vector<double> inputs(kRowTile * head.in);
    std::vector<double> outputs(kRowTile * columns);
    for (std::size_t first = begin * kRowTile; first < std::min(end * kRowTile, rows); first += kRowTile) {
      const std::size_t count = std::min(kRowTile, rows - first);
      std::copy_n(x + first * head.in, count * head.in, inputs.begin());
      multiply(inputs.data(), count, weights, 0, columns, columns, outputs.data());
      for (std::size_t r = 0; r < count; ++r) {
        double* const u = outputs.data() + r * columns;
        for (std::size_t o = 0; o < head.out; ++o) u[o] += head.bias[o];
        finish(first + r, u);
      }
    }
  });
}

}  // namespace

LinearHead LinearHead::seeded(std::size_t in, std::size_t out, std::uint64_t seed) {
  UNREEL_CHECK(in > 0 && out > 0);
  LinearHead head{in, out, std::vector<float>(in * out), std::vector<float>(out)};
  // Square root and division are rounded alike everywhere (IEEE 754), unlike sine or logarithm of a C library.
  const double bound = 1 / std::sqrt(static_cast<double>(in));
  Random random(seed);
  for (float& weight : head.weight) weight = static_cast<float>((2 * random.uniform() - 1) * bound);
  return head;
}

void transform(const LinearHead& head, const float* x, std::size_t rows, int threads, float* u) {
  for_each_output(head, x, rows, threads, [&](std::size_t row, const double* values) {
    std::transform(values, values + head.out, u + row * head.out,
                   [](double value) { return static_cast<float>(value); });
  });
}

void project(const LinearHead& head, const float* x, std::size_t rows, int threads, float* z) {
  require_finite(x, rows, head.in, "The feature");
  for_each_output(head, x, rows, threads, [&](std::size_t row, const double* u) {
    const double norm = clamped_norm(u, head.out);
    std::transform(u, u + head.out, z + row * head.out,
                   [norm](double value) { return static_cast<float>(value / norm); });
  });
}

}  // namespace unreel::contrast
