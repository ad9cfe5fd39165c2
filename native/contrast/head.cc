#include "contrast/head.h"

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

/// Weights of all layers, laid out for products.
std::vector<Panels> panels_of(const Head& head) {
  UNREEL_CHECK(!head.layers.empty());
  std::vector<Panels> panels;
  std::size_t width = head.in();
  for (const LinearLayer& layer : head.layers) {
    UNREEL_CHECK(layer.in == width && layer.weight.size() == layer.in * layer.out && layer.bias.size() == layer.out);
    panels.emplace_back(layer.weight.data(), layer.out, layer.in);
    width = layer.out;
  }
  return panels;
}

/// values: count x layer.in -> count x layer.out.
void apply(const LinearLayer& layer, const Panels& weights, std::size_t count, bool last, std::vector<double>& values) {
  const std::size_t columns = Panels::padded(layer.out);
  std::vector<double> products(count * columns);
  multiply(values.data(), count, weights, 0, columns, columns, products.data());
  values.resize(count * layer.out);
  for (std::size_t r = 0; r < count; ++r) {
    for (std::size_t o = 0; o < layer.out; ++o) {
      const double value = products[r * columns + o] + layer.bias[o];
      values[r * layer.out + o] = last ? value : std::max(value, 0.0);
    }
  }
}

LinearLayer seeded_layer(std::size_t in, std::size_t out, double bound, Random& random) {
  LinearLayer layer{in, out, std::vector<float>(in * out), std::vector<float>(out)};
  for (float& weight : layer.weight) weight = static_cast<float>((2 * random.uniform() - 1) * bound);
  return layer;
}

}  // namespace

Head Head::seeded(const HeadShape& shape, std::uint64_t seed) {
  UNREEL_CHECK(shape.in > 0 && shape.out > 0);
  // Square root and division are rounded alike everywhere (IEEE 754), unlike sine or logarithm of a C library.
  Random random(seed);
  Head head;
  if (shape.hidden > 0) {
    const double bound = std::sqrt(6 / static_cast<double>(shape.in));
    head.layers.push_back(seeded_layer(shape.in, shape.hidden, bound, random));
  }
  const std::size_t in = shape.hidden > 0 ? shape.hidden : shape.in;
  head.layers.push_back(seeded_layer(in, shape.out, 1 / std::sqrt(static_cast<double>(in)), random));
  return head;
}

void project(const Head& head, const float* x, std::size_t rows, int threads, float* z) {
  const std::vector<Panels> weights = panels_of(head);
  require_finite(x, rows, head.in(), "The feature");
  const std::size_t dims = head.out();
  parallel_for((rows + kRowTile - 1) / kRowTile, threads, [&](std::size_t begin, std::size_t end) {
    std::vector<double> values;
    for (std::size_t first = begin * kRowTile; first < std::min(end * kRowTile, rows); first += kRowTile) {
      const std::size_t count = std::min(kRowTile, rows - first);
      values.assign(x + first * head.in(), x + (first + count) * head.in());
      for (std::size_t l = 0; l < head.layers.size(); ++l) {
        apply(head.layers[l], weights[l], count, l + 1 == head.layers.size(), values);
      }
      for (std::size_t r = 0; r < count; ++r) {
        const double* const u = values.data() + r * dims;
        const double norm = clamped_norm(u, dims);
        for (std::size_t o = 0; o < dims; ++o) z[(first + r) * dims + o] = static_cast<float>(u[o] / norm);
      }
    }
  });
}

}  // namespace unreel::contrast
