// The projection head: embedding -> unit vector of lower dimension.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace unreel::contrast {

/// y = W x + b.
struct LinearLayer {
  std::size_t in = 0;
  std::size_t out = 0;
  std::vector<float> weight;  ///< out x in
  std::vector<float> bias;    ///< out
};

struct HeadShape {
  std::size_t in = 0;
  std::size_t hidden = 0;  ///< units of the hidden layer; 0 for a linear head
  std::size_t out = 0;
};

/**
 * u = the layers one after the other with ReLU between them, z = u / max(|u|, 1e-12). One layer is the linear head, two
 * are the MLP of Khosla et al., Supervised Contrastive Learning, NeurIPS 2020, section 3.1. Plain data; copies are
 * deep.
 */
struct Head {
  std::vector<LinearLayer> layers;  ///< at least one; each takes what the one before it gives

  std::size_t in() const { return layers.front().in; }
  std::size_t out() const { return layers.back().out; }

  /// Seeded initialisation, layer by layer: weights uniform in +-1/sqrt(in), where ReLU follows in +-sqrt(6/in) (He et
  /// al., Delving Deep into Rectifiers, ICCV 2015, eq. 10), biases zero. The same bytes on every machine.
  static Head seeded(const HeadShape& shape, std::uint64_t seed);
};

/// x: rows x head.in(); z: rows x head.out(), L2-normalised rows (a row whose u is zero stays zero). In double, the
/// same for any thread count, on every machine, and whichever rows stand beside a row. Throws not_finite, which names
/// row and column of x.
void project(const Head& head, const float* x, std::size_t rows, int threads, float* z);

}  // namespace unreel::contrast
