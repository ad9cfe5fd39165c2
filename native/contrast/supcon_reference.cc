// The formula of supcon.h term by term: one row of the softmax at a time, no shared sums, no symmetry, one thread.
#include <algorithm>
#include <cmath>
#include <vector>

#include "contrast/arguments.h"
#include "contrast/supcon.h"
#include "contrast/unit_row.h"

namespace unreel::contrast {
namespace {

double dot(const double* x, const double* y, std::size_t dims) {
  double sum = 0;
  for (std::size_t k = 0; k < dims; ++k) sum += x[k] * y[k];
  return sum;
}

/// Rows of label y, other than row i, counted.
std::size_t positives_of(std::size_t i, const std::int32_t* labels, std::size_t rows) {
  return static_cast<std::size_t>(std::count(labels, labels + rows, labels[i])) - 1;
}

/// s_ia for all a.
std::vector<double> similarities(const std::vector<double>& z, std::size_t i, LossShape shape, double temperature) {
  std::vector<double> s(shape.rows);
  for (std::size_t a = 0; a < shape.rows; ++a) {
    s[a] = dot(&z[i * shape.dims], &z[a * shape.dims], shape.dims) / temperature;
  }
  return s;
}

/// log sum over a != i of exp(s_ia).
double log_sum_exp(const std::vector<double>& s, std::size_t i) {
  double greatest = -INFINITY;
  for (std::size_t a = 0; a < s.size(); ++a) {
    if (a != i) greatest = std::max(greatest, s[a]);
  }
  double sum = 0;
  for (std::size_t a = 0; a < s.size(); ++a) {
    if (a != i) sum += std::exp(s[a] - greatest);
  }
  return greatest + std::log(sum);
}

/// dL/du of u -> u / max(|u|, 1e-12), given dL/dz.
void through_normalization(const double* u, const double* dz, std::size_t dims, double* du) {
  const double norm = std::sqrt(dot(u, u, dims));
  const double clamped = std::max(norm, kSmallestNorm);
  const double radial = norm > kSmallestNorm ? dot(u, dz, dims) / (norm * norm) : 0;
  for (std::size_t k = 0; k < dims; ++k) du[k] = (dz[k] - radial * u[k]) / clamped;
}

}  // namespace

double supcon_reference(const double* embeddings, const std::int32_t* labels, LossShape shape, double temperature,
                        double* gradient) {
  require_temperature(temperature);
  require_embeddings(embeddings, shape.rows, shape.dims);
  const auto [rows, dims] = shape;
  std::vector<double> z(embeddings, embeddings + rows * dims);
  for (std::size_t i = 0; i < rows; ++i) {
    const double norm = clamped_norm(&z[i * dims], dims);
    for (std::size_t k = 0; k < dims; ++k) z[i * dims + k] /= norm;
  }
  double anchors = 0;
  for (std::size_t i = 0; i < rows; ++i) anchors += positives_of(i, labels, rows) > 0 ? 1 : 0;

  double loss = 0;
  std::vector<double> dz(rows * dims);
  for (std::size_t i = 0; i < rows; ++i) {
    const auto positives = static_cast<double>(positives_of(i, labels, rows));
    if (positives == 0) continue;
    const std::vector<double> s = similarities(z, i, shape, temperature);
    const double log_sum = log_sum_exp(s, i);
    for (std::size_t a = 0; a < rows; ++a) {
      if (a == i) continue;
      const bool positive = labels[a] == labels[i];
      if (positive) loss += -1 / anchors / positives * (s[a] - log_sum);
      const double ds = (std::exp(s[a] - log_sum) - (positive ? 1 / positives : 0)) / anchors;
      for (std::size_t k = 0; k < dims; ++k) {
        dz[i * dims + k] += ds / temperature * z[a * dims + k];
        dz[a * dims + k] += ds / temperature * z[i * dims + k];
      }
    }
  }
  if (gradient == nullptr) return loss;
  for (std::size_t i = 0; i < rows; ++i) {
    through_normalization(embeddings + i * dims, &dz[i * dims], dims, gradient + i * dims);
  }
  return loss;
}

}  // namespace unreel::contrast
