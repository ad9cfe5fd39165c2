#include "contrast/single_centre.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace unreel::contrast {
namespace {

/// What a class is to the centre.
struct Side {
  double rows = 0;
  double distance = 0;  ///< mean
};

class SingleCentre {
 public:
  SingleCentre(const UnitRows& rows, const std::int32_t* labels)
      : rows_(rows), labels_(labels), centre_(rows.dims()), distances_(rows.rows()) {
    for (std::size_t i = 0; i < rows.rows(); ++i) side(i).rows += 1;
    if (real().rows == 0) return;
    find_centre();
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      for (std::size_t k = 0; k < rows.dims(); ++k) distances_[i] += square(rows.z(i)[k] - centre_[k]);
      distances_[i] = std::sqrt(distances_[i]);
      side(i).distance += distances_[i] / side(i).rows;
    }
  }

  const Side& real() const { return sides_[0]; }
  const Side& fake() const { return sides_[1]; }

  /// Adds the gradient of real_weight x M_nat + fake_weight x M_man.
  void add_gradient(double real_weight, double fake_weight, double* dz) const {
    std::vector<double> by_centre(rows_.dims());
    for (std::size_t i = 0; i < rows_.rows(); ++i) {
      if (distances_[i] <= kSmallestDistance) continue;
      const double rate = (labels_[i] == 0 ? real_weight / real().rows : fake_weight / fake().rows) / distances_[i];
      for (std::size_t k = 0; k < rows_.dims(); ++k) {
        const double pull = rate * (rows_.z(i)[k] - centre_[k]);
        dz[i * rows_.dims() + k] += pull;
        by_centre[k] -= pull / real().rows;
      }
    }
    for (std::size_t i = 0; i < rows_.rows(); ++i) {
      if (labels_[i] != 0) continue;
      for (std::size_t k = 0; k < rows_.dims(); ++k) dz[i * rows_.dims() + k] += by_centre[k];
    }
  }

 private:
  static double square(double x) { return x * x; }
  Side& side(std::size_t row) { return sides_[labels_[row] == 0 ? 0 : 1]; }

  void find_centre() {
    for (std::size_t i = 0; i < rows_.rows(); ++i) {
      if (labels_[i] != 0) continue;
      for (std::size_t k = 0; k < rows_.dims(); ++k) centre_[k] += rows_.z(i)[k];
    }
    for (double& value : centre_) value /= real().rows;
  }

  const UnitRows& rows_;
  const std::int32_t* labels_;
  Side sides_[2];
  std::vector<double> centre_;
  std::vector<double> distances_;
};

}  // namespace

double single_centre(const UnitRows& rows, const std::int32_t* labels, double margin, double* dz) {
  const SingleCentre batch(rows, labels);
  const Side& real = batch.real();
  const Side& fake = batch.fake();
  if (real.rows == 0) return 0;
  const double hinge = fake.rows > 0 ? std::max(0.0, real.distance - fake.distance + margin) : 0;
  const double pushed = hinge > 0 ? 1 : 0;
  if (dz != nullptr) batch.add_gradient(1 + pushed, -pushed, dz);
  return real.distance + hinge;
}

}  // namespace unreel::contrast
