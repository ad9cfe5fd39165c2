// How projected rows lie on the sphere: whether the classes come apart, or everything collapses to a point.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace unreel::contrast {

struct EmbeddingHealth {
  double mean_cosine = 0;   ///< over all pairs of rows
  double cross_cosine = 0;  ///< over pairs of a real and a fake; near 1: they lie at one point
  double alignment = 0;     ///< mean |z_i - z_j|^2 over pairs of one class; 0: each class is a point
  double uniformity = 0;    ///< log of the mean of exp(-2 |z_i - z_j|^2) over all pairs; 0: all is one point
  double auc = 0;           ///< of the videos' mean scores, which are cosines with the direction from real to fake
};

/**
 * Alignment and uniformity as Wang and Isola, Understanding Contrastive Representation Learning through Alignment and
 * Uniformity on the Hypersphere, ICML 2020, eq. 1 and 2, with alpha = 2 and t = 2. All but uniformity need no look at
 * pairs; uniformity looks at those of at most 512 rows, evenly spread. One thread.
 */
class HealthProbe {
 public:
  /// rows: how many add() will see in all. direction: dims numbers, from the reals' mean to the fakes'.
  HealthProbe(std::size_t rows, std::size_t dims, std::vector<double> direction);

  /// z: count x dims, finite unit rows. labels: 1 fake, 0 real. videos: which video each is of.
  void add(const float* z, const std::int32_t* labels, const std::uint32_t* videos, std::size_t count);

  /// Of all rows; NaN for what has no pairs.
  EmbeddingHealth result() const;

 private:
  struct Scored {
    std::uint32_t video;
    std::int32_t label;
    double score;
  };

  std::size_t rows_, dims_;
  std::vector<double> direction_;
  std::vector<double> sums_[2];  ///< of z, reals and fakes
  double squares_[2] = {};       ///< of |z|^2
  double counts_[2] = {};
  std::size_t seen_ = 0;
  std::vector<float> sample_;
  std::vector<Scored> scored_;
};

}  // namespace unreel::contrast
