#include "contrast/anchor_terms.h"

#include <algorithm>
#include <vector>

#include "base/thread.h"
#include "contrast/float_sums.h"

namespace unreel::contrast {
namespace {

/// Anchors that share one pass over all rows.
constexpr std::size_t kTile = 8;
/// Anchors whose derivatives live at a time.
constexpr std::size_t kBlock = 64;
static_assert(kBlock % kTile == 0, "a block ends where a tile ends");

double squared_distance(const double* a, const double* b, std::size_t dims) {
  return strand_sum(dims, [=](std::size_t k) { return (a[k] - b[k]) * (a[k] - b[k]); });
}

/// sum += factor (a - b).
void add_difference(double factor, const double* a, const double* b, std::size_t dims, double* sum) {
  for (std::size_t k = 0; k < dims; ++k) sum[k] += factor * (a[k] - b[k]);
}

/// Anchors from `first` on, and their values, count x rows.
struct Tile {
  std::size_t first = 0;
  std::size_t count = 0;
  double* values = nullptr;
};

void measure(const UnitRows& rows, const Tile& tile) {
  for (std::size_t j = 0; j < rows.rows(); ++j) {
    for (std::size_t r = 0; r < tile.count; ++r) {
      tile.values[r * rows.rows() + j] = squared_distance(rows.z(tile.first + r), rows.z(j), rows.dims());
    }
  }
}

/// dz_i += factor x sum over j of w_ij (z_i - z_j) for the tile's anchors i.
void pull_anchors(const UnitRows& rows, const Tile& tile, double factor, double* dz) {
  for (std::size_t j = 0; j < rows.rows(); ++j) {
    for (std::size_t r = 0; r < tile.count; ++r) {
      const double w = tile.values[r * rows.rows() + j];
      const std::size_t i = tile.first + r;
      if (w != 0) add_difference(factor * w, rows.z(i), rows.z(j), rows.dims(), dz + i * rows.dims());
    }
  }
}

/// dz_j += 2 x sum over the tile's anchors i of w_ij (z_j - z_i), for one row j.
void pull_row(const UnitRows& rows, const Tile& tile, std::size_t j, double* dz) {
  for (std::size_t r = 0; r < tile.count; ++r) {
    const double w = tile.values[r * rows.rows() + j];
    if (w != 0) add_difference(2 * w, rows.z(j), rows.z(tile.first + r), rows.dims(), dz + j * rows.dims());
  }
}

void apply(const AnchorTerm& term, const UnitRows& rows, const Tile& tile) {
  measure(rows, tile);
  for (std::size_t r = 0; r < tile.count; ++r) term(tile.first + r, tile.values + r * rows.rows());
}

/// Calls body(tile) for all anchors, from several threads.
template <class Body>
void for_each_tile(const UnitRows& rows, int threads, const Body& body) {
  parallel_for((rows.rows() + kTile - 1) / kTile, threads, [&](std::size_t begin, std::size_t end) {
    std::vector<double> values(kTile * rows.rows());
    for (std::size_t tile = begin; tile < end; ++tile) {
      body(Tile{tile * kTile, std::min(kTile, rows.rows() - tile * kTile), values.data()});
    }
  });
}

}  // namespace

void AnchorTerms::visit(const AnchorTerm& term) const {
  for_each_tile(rows_, threads_, [&](const Tile& tile) { apply(term, rows_, tile); });
}

void AnchorTerms::add_symmetric_gradient(const AnchorTerm& term, double* dz) const {
  for_each_tile(rows_, threads_, [&](const Tile& tile) {
    apply(term, rows_, tile);
    // Two sides of the square, and two terms of the pair.
    pull_anchors(rows_, tile, 4, dz);
  });
}

void AnchorTerms::add_gradient(const AnchorTerm& term, double* dz) const {
  std::vector<double> values(kBlock * rows_.rows());
  for (std::size_t first = 0; first < rows_.rows(); first += kBlock) {
    const Tile block{first, std::min(kBlock, rows_.rows() - first), values.data()};
    parallel_for((block.count + kTile - 1) / kTile, threads_, [&](std::size_t begin, std::size_t end) {
      for (std::size_t tile = begin * kTile; tile < std::min(end * kTile, block.count); tile += kTile) {
        const Tile own{first + tile, std::min(kTile, block.count - tile), values.data() + tile * rows_.rows()};
        apply(term, rows_, own);
        pull_anchors(rows_, own, 2, dz);
      }
    });
    // The other end of each pair: rows are shared out, not anchors, so that no two threads write one row.
    parallel_for(rows_.rows(), threads_, [&](std::size_t begin, std::size_t end) {
      for (std::size_t j = begin; j < end; ++j) pull_row(rows_, block, j, dz);
    });
  }
}

}  // namespace unreel::contrast
