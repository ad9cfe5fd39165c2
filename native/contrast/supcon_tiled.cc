#include "contrast/supcon_tiled.h"

#include <algorithm>
#include <cmath>
#include <limits>
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

/// Means of a class' unit rows that are longer than this are of rows too close together for float.
constexpr double kClosestClass = 0.9995;

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

  bool is_bearable() const {
    return std::all_of(classes_.all().begin(), classes_.all().end(), [](const LabelClass& each) {
      double square = 0;
      for (const double value : each.sum) square += value * value;
      return each.rows < 2 || std::sqrt(square) <= kClosestClass * static_cast<double>(each.rows);
    });
  }

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

  /// After loss().
  void backward(const LossGradient& gradient) {
    // A denominator is 0 for a batch of one row alone.
    std::vector<float> rates(shape_.rows);
    for (std::size_t i = 0; i < shape_.rows; ++i) {
      if (classes_.weight(i) > 0) rates[i] = static_cast<float>(1 / denominators_[i]);
    }
    AlignedArray pulls(shape_.rows * rows_.stride());
    schedule_.run(threads_, [&](std::size_t thread, std::size_t first, std::size_t second) {
      float* const tile = cosines(thread, first, second);
      const TilePart part = part_of(first, second);
      weigh_exponentials(tile, part, scale_, &rates[first * tile_rows_], &rates[second * tile_rows_]);
      add_rows({tile, kTile, 1}, part.rows, second, part.columns, first, pulls);
      if (first != second) add_rows({tile, 1, kTile}, part.columns, first, part.rows, second, pulls);
    });
    finish(pulls, gradient);
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

  /// pulls of tile `to` += coefficients (count x depth) times the rows of tile `from`.
  void add_rows(const LeftSide& coefficients, std::size_t count, std::size_t from, std::size_t depth, std::size_t to,
                AlignedArray& pulls) const {
    for (std::size_t panel = 0; panel < rows_.component_panels(); ++panel) {
      float* const out = pulls.data() + to * tile_rows_ * rows_.stride() + panel * kPanelWidth;
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

  /// pulls = A Z with A_ij = e_ij (1 / R_i + 1 / R_j): the positives' part is added, then the chain rule of the
  /// normalisation. dL/d(1/temperature) = sum of w_i (sum of p_ij cos_ij - mean positive cosine), and half of z_i.[A Z]_i
  /// summed over i is the first part.
  void finish(const AlignedArray& pulls, const LossGradient& gradient) const {
    std::vector<double> radials(shape_.rows);
    parallel_for(shape_.rows, threads_, [&](std::size_t begin, std::size_t end) {
      std::vector<double> pull(shape_.dims);
      for (std::size_t i = begin; i < end; ++i) {
        radials[i] = finish_row(i, pulls.data() + i * rows_.stride(), pull, gradient.embeddings);
      }
    });
    if (gradient.temperature == nullptr) return;
    const double weight = 1.0 / static_cast<double>(classes_.anchors());
    double sum = 0;
    for (std::size_t i = 0; i < shape_.rows; ++i) {
      sum += weight * radials[i] / 2 - classes_.weight(i) * mean_positive(i);
    }
    *gradient.temperature = sum;
  }

  /// Returns z_i . [A Z]_i.
  double finish_row(std::size_t i, const float* weighted, std::vector<double>& pull, float* gradients) const {
    const float* const z = rows_.row(i);
    const LabelClass& own = classes_.of(i);
    // Twice: as an anchor towards its positives and as a positive of each of them.
    const double share = own.rows > 1 ? 2 / static_cast<double>(own.positives()) : 0;
    double through = 0;
    double radial = 0;
    for (std::size_t k = 0; k < shape_.dims; ++k) {
      through += static_cast<double>(weighted[k]) * z[k];
      pull[k] = weighted[k] - share * (own.sum[k] - z[k]);
      radial += pull[k] * z[k];
    }
    if (gradients == nullptr) return through;
    if (rows_.norm(i) <= kSmallestNorm) radial = 0;
    constexpr double kMax = std::numeric_limits<float>::max();
    const double factor = inverse_ / static_cast<double>(classes_.anchors()) / rows_.norm(i);
    for (std::size_t k = 0; k < shape_.dims; ++k) {
      const double value = (pull[k] - radial * z[k]) * factor;
      gradients[i * shape_.dims + k] = static_cast<float>(std::clamp(value, -kMax, kMax));
    }
    return through;
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

std::optional<double> supcon_tiled(const float* embeddings, const std::int32_t* labels, LossShape shape,
                                   double temperature, int threads, const LossGradient& gradient) {
  TiledSupcon batch(embeddings, labels, shape, temperature, threads);
  if (!batch.is_bearable()) return std::nullopt;
  if (!batch.has_anchors()) {
    if (gradient.embeddings != nullptr) std::fill_n(gradient.embeddings, shape.rows * shape.dims, 0.0F);
    if (gradient.temperature != nullptr) *gradient.temperature = 0;
    return 0;
  }
  const double loss = batch.loss();
  if (gradient.embeddings != nullptr || gradient.temperature != nullptr) batch.backward(gradient);
  return loss;
}

}  // namespace unreel::contrast
