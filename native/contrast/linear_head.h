// The projection head: embedding -> unit vector of lower dimension.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace unreel::contrast {

/// u = W x + b, z = u / max(|u|, 1e-12). Plain data; copies are deep.
struct LinearHead {
  std::size_t in = 0;
  std::size_t out = 0;
  std::vector<float> weight;  ///< out x in
  std::vector<float> bias;    ///< out

  /// Seeded initialisation, uniform in +-1/sqrt(in) for weights, zero bias. The same bytes on every machine.
  static LinearHead seeded(std::size_t in, std::size_t out, std::uint64_t seed);
};

/// x: rows x in; u: rows x out, the head before normalisation; infinite where it passes float's range. x must be
/// finite. The same for any thread count and whichever rows stand beside a row.
void transform(const LinearHead& head, const float* x, std::size_t rows, int threads, float* u);

/// x: rows x in; z: rows x out, L2-normalised rows (a row whose u is zero stays zero). The same for any thread count
/// and whichever rows stand beside a row. Throws not_finite, which names row and column of x.
void project(const LinearHead& head, const float* x, std::size_t rows, int threads, float* z);

}  // namespace unreel::contrast
