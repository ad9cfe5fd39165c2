#include "contrast/supcon_tiled.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "base/thread.h"
#include "contrast/exponential_tiles.h"
#include "contrast/label_classes.h"
#include "contrast/packed_rows.h"
#include "contrast/pair_schedule.h"
#include "contrast/unit_row.h"

namespace unreel::contrast {
namespace {

static_assert(kTile % kPanelWidth == 0, "a tile ends where a panel ends");

/// A row's softmax adds up to 1 and its positives' shares to 1, and it is the anchor of the one half of its pairs and the
/// positive or negative of the other: a force of at most 4. Less than this on every row is too little for float.
constexpr double kLeastForce = 0.1;
/// The same for what a row's loss moves with 1 / temperature: a difference of two mean cosines, at most 2.
constexpr double kLeastRate = 0.02;

constexpr double kLog2E = 1.4426950408889634;

/// Rows of a tile: large ones reuse more of what is in the cache, small ones let more threads work. Whole panels.
std::size_t tile_of(std::size_t rows) { return rows <= 512 ? 64 : rows <= 2048 ? 128 : kTile; }

class TiledSupcon {
 public:
  TiledSupcon(const float* embeddings, const std::int32_t* labels, LossShape shape, double temperature, int threads)
      : shape_(shape),
        inverse_(1 / temperature),
        scale_(static_cast<float>(kLog2E / temperature)),
        threads_(threads),
        rows_(embeddings, shape, threads),
        classes_(labels, rows_.row(0), rows_.stride(), shape),
        tile_rows_(tile_of(shape.rows)),
        schedule_((shape.rows + tile_rows_ - 1) / tile_rows_),
        tiles_(static_cast<std::size_t>(threads)),
        denominators_(shape.rows) {}

  bool has_anchors() const { return classes_.anchors() > 0; }

  double loss() {
    for (AlignedArray& tile : tiles_) tile = AlignedArray(kTile * kTile);
    schedule_.run(threads_, [&](std::size_t thread, std::size_t first, std::size_t second) {
      float* const tile = cosines(thread, first, second);
      sum_exponentials(tile, part_of(first, second), scale_, &denominators_[first * tile_rows_],
                       &denominators_[second * tile_rows_]);
    });
    double sum = 0;
    for (std::size_t i = 0; i < shape_.rows; ++i) {
      if (classes_.weight(i) == 0) continue;
      sum += classes_.weight(i) * ((1 - mean_positive(i)) * inverse_ + std::log(denominators_[i]));
    }
    return sum;
  }

  /// After loss(). Returns whether the gradient holds.
  bool backward(const LossGradient& gradient) {
    // A denominator is 0 for a batch of one row alone.
    std::vector<float> rates(shape_.rows);
    std::vector<float> pulls(shape_.rows);
    for (std::size_t i = 0; i < shape_.rows; ++i) {
      if (classes_.weight(i) == 0) continue;
      rates[i] = static_cast<float>(1 / denominators_[i]);
      // Twice: as an anchor towards its positives and as a positive of each of them.
      pulls[i] = static_cast<float>(2 / static_cast<double>(classes_.of(i).positives()));
    }
    const auto side = [&](std::size_t tile) {
      const std::size_t row = tile * tile_rows_;
      return SideOfTile{&rates[row], &pulls[row], &classes_.of_rows()[row]};
    };
    AlignedArray forces(shape_.rows * rows_.stride());
    schedule_.run(threads_, [&](std::size_t thread, std::size_t first, std::size_t second) {
      float* const tile = cosines(thread, first, second);
      const TilePart part = part_of(first, second);
      weigh_exponentials(tile, part, scale_, side(first), side(second));
      add_rows({tile, kTile, 1}, part.rows, second, part.columns, first, forces);
      if (first != second) add_rows({tile, 1, kTile}, part.columns, first, part.rows, second, forces);
    });
    return finish(forces, gradient);
  }

 private:
  std::size_t rows_of(std::size_t tile) const { return std::min(tile_rows_, shape_.rows - tile * tile_rows_); }
  TilePart part_of(std::size_t first, std::size_t second) const {
    return {rows_of(first), rows_of(second), first == second};
  }

  /// The cosines of the rows of one tile (down) with those of another (across), in the thread's own memory.
  float* cosines(std::size_t thread, std::size_t first, std::size_t second) {
    float* const tile = tiles_[thread].data();
    for (std::size_t j = 0; j < rows_of(second); j += kPanelWidth) {
      multiply_panel({rows_.row(first * tile_rows_), rows_.stride(), 1}, rows_.across(second * tile_rows_ + j),
                     rows_of(first), shape_.dims, false, tile + j, kTile);
    }
    return tile;
  }

  /// forces of tile `to` += coefficients (count x depth) times the rows of tile `from`.
  void add_rows(const LeftSide& coefficients, std::size_t count, std::size_t from, std::size_t depth, std::size_t to,
                AlignedArray& forces) const {
    for (std::size_t panel = 0; panel < rows_.component_panels(); ++panel) {
      float* const out = forces.data() + to * tile_rows_ * rows_.stride() + panel * kPanelWidth;
      multiply_panel(coefficients, rows_.down(from * tile_rows_, panel), count, depth, true, out, rows_.stride());
    }
  }

  /// Mean cosine of row i with its positives; 0 without any.
  double mean_positive(std::size_t i) const {
    const LabelClass& own = classes_.of(i);
    if (own.rows < 2) return 0;
    const float* const z = rows_.row(i);
    double sum = 0;
    for (std::size_t k = 0; k < shape_.dims; ++k) sum += z[k] * (own.sum[k] - z[k]);
    return sum / static_cast<double>(own.positives());
  }

  /// forces = C Z, where C_ij = p_ij + p_ji - (1/|P(i)| + 1/|P(j)| for positives) is what the loss moves with the
  /// cosine of i and j, times |V|: what follows is the chain rule of the normalisation. Each pair is in z_i . [C Z]_i and
  /// in z_j . [C Z]_j, so that half of their sum is what it moves with 1 / temperature.
  bool finish(const AlignedArray& forces, const LossGradient& gradient) const {
    std::vector<double> radials(shape_.rows);
    std::vector<double> tangential(shape_.rows);
    parallel_for(shape_.rows, threads_, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        const float* const force = forces.data() + i * rows_.stride();
        radials[i] = std::inner_product(force, force + shape_.dims, rows_.row(i), 0.0);
        tangential[i] = tangential_square(i, force, radials[i]);
        if (gradient.embeddings != nullptr) finish_row(i, force, radials[i], gradient.embeddings);
      }
    });
    if (gradient.temperature != nullptr) {
      const double sum = std::accumulate(radials.begin(), radials.end(), 0.0);
      *gradient.temperature = sum / 2 / static_cast<double>(classes_.anchors());
      if (std::abs(*gradient.temperature) < kLeastRate) return false;
    }
    return *std::max_element(tangential.begin(), tangential.end()) >= kLeastForce * kLeastForce;
  }

  /// Of what of a force lies along the sphere.
  double tangential_square(std::size_t i, const float* force, double radial) const {
    const float* const z = rows_.row(i);
    double square = 0;
    for (std::size_t k = 0; k < shape_.dims; ++k) {
      const double along = force[k] - radial * z[k];
      square += along * along;
    }
    return square;
  }

  void finish_row(std::size_t i, const float* force, double radial, float* gradients) const {
    const float* const z = rows_.row(i);
    const double along = rows_.norm(i) > kSmallestNorm ? radial : 0;
    constexpr double kMax = std::numeric_limits<float>::max();
    const double factor = inverse_ / static_cast<double>(classes_.anchors()) / rows_.norm(i);
    for (std::size_t k = 0; k < shape_.dims; ++k) {
      gradients[i * shape_.dims + k] = static_cast<float>(std::clamp((force[k] - along * z[k]) * factor, -kMax, kMax));
    }
  }

  const LossShape shape_;
  const double inverse_;
  const float scale_;
  const int threads_;
  const PackedRows rows_;
  const LabelClasses classes_;
  const std::size_t tile_rows_;
  const PairSchedule schedule_;
  std::vector<AlignedArray> tiles_;
  std::vector<double> denominators_;  ///< R_i, the sum of a row's exponentials
};

}  // namespace

TiledLoss supcon_tiled(const float* embeddings, const std::int32_t* labels, LossShape shape, double temperature,
                       int threads, const LossGradient& gradient) {
  TiledSupcon batch(embeddings, labels, shape, temperature, threads);
  if (!batch.has_anchors()) {
    if (gradient.embeddings != nullptr) std::fill_n(gradient.embeddings, shape.rows * shape.dims, 0.0F);
    if (gradient.temperature != nullptr) *gradient.temperature = 0;
    return {};
  }
  TiledLoss result;
  result.loss = batch.loss();
  if (gradient.embeddings != nullptr || gradient.temperature != nullptr) result.holds = batch.backward(gradient);
  return result;
}

}  // namespace unreel::contrast
