#include "contrast/supcon_tiled.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include "base/team.h"
#include "contrast/exponential_tiles.h"
#include "contrast/float_sums.h"
#include "contrast/label_classes.h"
#include "contrast/packed_rows.h"
#include "contrast/pair_schedule.h"
#include "contrast/unit_row.h"

namespace unreel::contrast {
namespace {

/// The least force along the sphere on any row of a batch from which a float gradient holds. A row's softmax adds up to
/// 1 and its positives' shares to 1, and it is the anchor of the one half of its pairs and the positive or negative of
/// the other: a force of at most 4. The rounding of cosines is multiplied by 1 / temperature in exponentials and again
/// in what is left when pushes and pulls cancel: found by random batches (soak:gradients, supcon_test).
double least_force(double inverse_temperature) {
  return std::max({0.02, 0.009 * inverse_temperature, 4e-4 * inverse_temperature * inverse_temperature});
}
/// The same for what a row's loss moves with 1 / temperature: a difference of two mean cosines, at most 2.
constexpr double kLeastRate = 0.02;

/// Exponentials that are kept from the first pass for the second save a quarter of the work. As many as the rows' own
/// numbers three times over, so that memory still grows with rows x dims; 4 MB are kept in any case.
std::size_t numbers_to_keep(LossShape shape) { return std::max<std::size_t>(3 * shape.rows * shape.dims, 1 << 20); }

constexpr double kLog2E = 1.4426950408889634;

/// Rows of a tile: large ones reuse more of what is in the cache, small ones let more threads work. Whole panels.
std::size_t tile_of(std::size_t rows) { return rows <= 512 ? 64 : rows <= 2048 ? 128 : kMostTile; }

class TiledSupcon {
 public:
  TiledSupcon(const float* embeddings, LabelClasses classes, LossShape shape, double temperature, int threads,
              const LossGradient& gradient, LossWorkspace& workspace)
      : shape_(shape),
        gradient_(gradient),
        inverse_(1 / temperature),
        scale_(static_cast<float>(kLog2E / temperature)),
        tile_rows_(tile_of(shape.rows)),
        rows_(embeddings, shape, workspace.rows, workspace.panels),
        classes_(std::move(classes)),
        schedule_((shape.rows + tile_rows_ - 1) / tile_rows_),
        kept_(wants_gradient() ? std::min(schedule_.size(), numbers_to_keep(shape) / tile_size()) : 0),
        threads_(std::min<std::size_t>(std::max(threads, 1), schedule_.size())),
        denominators_(shape.rows),
        means_(shape.rows),
        rates_(shape.rows),
        pulls_(shape.rows),
        radials_(shape.rows),
        squares_(shape.rows) {
    workspace.tiles.reserve((kept_ + threads_) * tile_size());
    if (wants_gradient()) workspace.forces.reserve(shape.rows * rows_.stride());
    tiles_ = workspace.tiles.data();
    forces_ = workspace.forces.data();
  }

  TiledLoss run() {
    PairSchedule::Run first_pass(schedule_);
    PairSchedule::Run second_pass(schedule_);
    run_team(static_cast<int>(threads_), [&](TeamMember& member) {
      rows_.pack(member.begin(rows_.parts()), member.end(rows_.parts()));
      member.meet();
      classes_.add_rows(rows_.row(0), rows_.stride(), member.begin(shape_.dims), member.end(shape_.dims));
      first_pass.work_off([&](std::size_t pair, std::size_t first, std::size_t second) {
        sum_exponentials(cosines(member, pair, first, second), part_of(first, second), scale_,
                         &denominators_[first * tile_rows_], &denominators_[second * tile_rows_]);
      });
      member.meet();
      each_row(member, [&](std::size_t i) {
        weigh_row(i);
        if (wants_gradient()) std::fill_n(forces_ + i * rows_.stride(), rows_.stride(), 0.0F);
      });
      if (!wants_gradient()) return;
      member.meet();
      second_pass.work_off(
          [&](std::size_t pair, std::size_t first, std::size_t second) { pull_rows(member, pair, first, second); });
      member.meet();
      each_row(member, [&](std::size_t i) { finish_row(i); });
    });
    return {loss(), gradient_holds()};
  }

 private:
  bool wants_gradient() const { return gradient_.embeddings != nullptr || gradient_.temperature != nullptr; }
  std::size_t tile_size() const { return tile_rows_ * tile_rows_; }
  std::size_t rows_of(std::size_t tile) const { return std::min(tile_rows_, shape_.rows - tile * tile_rows_); }
  TilePart part_of(std::size_t first, std::size_t second) const {
    return {rows_of(first), rows_of(second), tile_rows_, first == second};
  }

  template <class Body>
  void each_row(const TeamMember& member, const Body& body) const {
    for (std::size_t i = member.begin(shape_.rows); i < member.end(shape_.rows); ++i) body(i);
  }

  /// Where the numbers of a pair of tiles lie: where they stay, or in the thread's own memory.
  float* tile_of_pair(const TeamMember& member, std::size_t pair) {
    return tiles_ + (pair < kept_ ? pair : kept_ + member.index()) * tile_size();
  }

  /// The cosines of the rows of one tile (down) with those of another (across).
  float* cosines(const TeamMember& member, std::size_t pair, std::size_t first, std::size_t second) {
    float* const tile = tile_of_pair(member, pair);
    for (std::size_t j = 0; j < rows_of(second); j += kPanelWidth) {
      multiply_panel({rows_.row(first * tile_rows_), rows_.stride(), 1}, rows_.across(second * tile_rows_ + j),
                     rows_of(first), shape_.dims, false, tile + j, tile_rows_);
    }
    return tile;
  }

  /// After the first pass: row i's share of the loss, and what the second pass needs of it.
  void weigh_row(std::size_t i) {
    const LabelClass& own = classes_.of(i);
    if (own.rows < 2) return;
    const float* const z = rows_.row(i);
    const double* const sum = own.sum.data();
    const auto positives = static_cast<double>(own.positives());
    means_[i] = strand_sum(shape_.dims, [=](std::size_t k) { return z[k] * (sum[k] - z[k]); }) / positives;
    rates_[i] = static_cast<float>(1 / denominators_[i]);
    // Twice: as an anchor towards its positives and as a positive of each of them.
    pulls_[i] = static_cast<float>(2 / positives);
  }

  void pull_rows(const TeamMember& member, std::size_t pair, std::size_t first, std::size_t second) {
    const auto side = [&](std::size_t tile) {
      const std::size_t row = tile * tile_rows_;
      return SideOfTile{&rates_[row], &pulls_[row], &classes_.of_rows()[row]};
    };
    const TilePart part = part_of(first, second);
    float* tile = tile_of_pair(member, pair);
    if (pair < kept_) {
      weigh_exponentials(tile, part, side(first), side(second));
    } else {
      weigh_cosines(cosines(member, pair, first, second), part, scale_, side(first), side(second));
    }
    add_rows({tile, tile_rows_, 1}, part.rows, second, part.columns, first);
    if (first != second) add_rows({tile, 1, tile_rows_}, part.columns, first, part.rows, second);
  }

  /// forces of tile `to` += coefficients (count x depth) times the rows of tile `from`.
  void add_rows(const LeftSide& coefficients, std::size_t count, std::size_t from, std::size_t depth, std::size_t to) {
    for (std::size_t panel = 0; panel < rows_.component_panels(); ++panel) {
      float* const out = forces_ + to * tile_rows_ * rows_.stride() + panel * kPanelWidth;
      multiply_panel(coefficients, rows_.down(from * tile_rows_, panel), count, depth, true, out, rows_.stride());
    }
  }

  /// forces = C Z, where C_ij = p_ij + p_ji - (1/|P(i)| + 1/|P(j)| for positives) is what the loss moves with the
  /// cosine of i and j, times |V|: what follows is the chain rule of the normalisation.
  void finish_row(std::size_t i) {
    const float* const z = rows_.row(i);
    const float* const force = forces_ + i * rows_.stride();
    const double radial = strand_sum(shape_.dims, [=](std::size_t k) { return static_cast<double>(force[k]) * z[k]; });
    radials_[i] = radial;
    squares_[i] = strand_sum(shape_.dims, [=](std::size_t k) {
      const double along_the_sphere = force[k] - radial * z[k];
      return along_the_sphere * along_the_sphere;
    });
    if (gradient_.embeddings == nullptr) return;
    float* const out = gradient_.embeddings + i * shape_.dims;
    const double along = rows_.norm(i) > kSmallestNorm ? radial : 0;
    const double factor = inverse_ / static_cast<double>(classes_.anchors()) / rows_.norm(i);
    // At most 4 x 40 / 1e-12: within float's range.
    for (std::size_t k = 0; k < shape_.dims; ++k) out[k] = static_cast<float>((force[k] - along * z[k]) * factor);
  }

  double loss() const {
    double sum = 0;
    for (std::size_t i = 0; i < shape_.rows; ++i) {
      if (classes_.weight(i) == 0) continue;
      sum += classes_.weight(i) * ((1 - means_[i]) * inverse_ + std::log(denominators_[i]));
    }
    return sum;
  }

  /// Writes the temperature's gradient: each pair is in z_i . [C Z]_i and in z_j . [C Z]_j, so that half of their sum
  /// is what the loss moves with 1 / temperature.
  bool gradient_holds() const {
    if (!wants_gradient()) return true;
    if (gradient_.temperature != nullptr) {
      const double sum = std::accumulate(radials_.begin(), radials_.end(), 0.0);
      *gradient_.temperature = sum / 2 / static_cast<double>(classes_.anchors());
      if (std::abs(*gradient_.temperature) < kLeastRate) return false;
    }
    return std::sqrt(*std::max_element(squares_.begin(), squares_.end())) >= least_force(inverse_);
  }

  const LossShape shape_;
  const LossGradient gradient_;
  const double inverse_;
  const float scale_;
  const std::size_t tile_rows_;
  PackedRows rows_;
  LabelClasses classes_;
  const PairSchedule schedule_;
  const std::size_t kept_;     ///< pairs whose exponentials stay from the first pass for the second
  const std::size_t threads_;  ///< more than pairs would only wait for the others
  float* tiles_;               ///< of the pairs that are kept, then one of each thread
  float* forces_;              ///< rows x rows_.stride()
  // One a row:
  std::vector<double> denominators_;  ///< the sum of its exponentials
  std::vector<double> means_;         ///< mean cosine with its positives
  std::vector<float> rates_;
  std::vector<float> pulls_;
  std::vector<double> radials_;  ///< z . force
  std::vector<double> squares_;  ///< of the force along the sphere
};

}  // namespace

TiledLoss supcon_tiled(const float* embeddings, const LabelClasses& classes, LossShape shape, double temperature,
                       int threads, const LossGradient& gradient, LossWorkspace& workspace) {
  return TiledSupcon(embeddings, classes, shape, temperature, threads, gradient, workspace).run();
}

}  // namespace unreel::contrast
