#include "written_losses.h"

#include <algorithm>
#include <cmath>

#include "contrast/unit_row.h"
#include "contrast/unit_rows.h"
#include "tape.h"

namespace unreel::contrast::test {
namespace {

/// The formulas of one batch. Rows of z stand side by side.
class Formulas {
 public:
  explicit Formulas(const LossCase& one)
      : one_(one),
        rows_(one.shape.rows),
        dims_(one.shape.dims),
        u(tape.add_all({one.u.begin(), one.u.end()})),
        classifier(tape.add_all({one.classifier.begin(), one.classifier.end()})),
        inverse_temperature(tape.add(1 / one.options.temperature)) {
    for (std::size_t i = 0; i < rows_; ++i) {
      const Var squares = dot(&u[i * dims_], &u[i * dims_], dims_);
      const bool has_length = std::sqrt(squares.value) > kSmallestNorm;
      const Var scale = has_length ? inverse(power(squares, 0.5, 0)) : tape.add(1 / kSmallestNorm);
      for (std::size_t k = 0; k < dims_; ++k) z_.push_back(u[i * dims_ + k] * scale);
    }
  }

  Var loss() {
    const Var contrastive = of_kind();
    if (one_.options.term == LossTerm::none) return contrastive;
    return contrastive + one_.options.term_weight * term();
  }

 private:
  const LossCase& one_;
  const std::size_t rows_;
  const std::size_t dims_;

 public:
  Tape tape;
  std::vector<Var> u;
  std::vector<Var> classifier;
  Var inverse_temperature;

 private:
  std::vector<Var> z_;

  const Var* z(std::size_t row) const { return &z_[row * dims_]; }
  bool same(std::size_t i, std::size_t j) const { return one_.labels[i] == one_.labels[j]; }
  Var square(std::size_t i, std::size_t j) const { return squared_distance(z(i), z(j), dims_); }
  Var distance(std::size_t i, std::size_t j) const { return root(square(i, j)); }
  static Var root(const Var& a) { return power(a, 0.5, kSmallestDistance * kSmallestDistance); }
  double margin() const { return one_.options.margin.value_or(one_.options.kind == LossKind::margin ? 1.0 : 0.3); }

  Var of_kind() {
    switch (one_.options.kind) {
      case LossKind::supcon:
        return supcon();
      case LossKind::align_uniform:
        return align_uniform();
      case LossKind::triplet:
        return triplet();
      case LossKind::margin:
        return margin_loss();
      case LossKind::single_centre:
        return single_centre();
    }
    return tape.add(0);
  }

  /// log sum over a != i of exp(s_ia), with all of s.
  Var log_sum(std::size_t i, const std::vector<Var>& s) {
    double shift = -INFINITY;
    for (std::size_t a = 0; a < rows_; ++a) shift = a == i ? shift : std::max(shift, s[a].value);
    std::vector<Var> exponentials;
    for (std::size_t a = 0; a < rows_; ++a) {
      if (a != i) exponentials.push_back(exp(s[a] + -shift));
    }
    return log(sum(tape, exponentials)) + shift;
  }

  Var supcon() {
    std::vector<Var> anchors;
    for (std::size_t i = 0; i < rows_; ++i) {
      std::vector<Var> s;
      for (std::size_t a = 0; a < rows_; ++a) s.push_back(dot(z(i), z(a), dims_) * inverse_temperature);
      std::vector<Var> positives;
      for (std::size_t p = 0; p < rows_; ++p) {
        if (p != i && same(i, p)) positives.push_back(s[p]);
      }
      if (!positives.empty()) anchors.push_back(log_sum(i, s) - mean(tape, positives));
    }
    const Var loss = mean(tape, anchors);
    const double base = one_.options.base_temperature;
    return base == 0 ? loss : 1 / base * (loss * inverse(inverse_temperature));
  }

  Var align_uniform() {
    std::vector<Var> powers;
    std::vector<Var> exponentials;
    for (std::size_t i = 0; i < rows_; ++i) {
      for (std::size_t j = i + 1; j < rows_; ++j) {
        const Var d2 = square(i, j);
        exponentials.push_back(exp(-one_.options.uniform_t * d2));
        if (same(i, j)) {
          powers.push_back(power(d2, one_.options.align_alpha / 2, kSmallestDistance * kSmallestDistance));
        }
      }
    }
    const Var uniformity = exponentials.empty() ? tape.add(0) : log(mean(tape, exponentials));
    return one_.options.align_weight * mean(tape, powers) + one_.options.uniform_weight * uniformity;
  }

  Var margin_loss() {
    std::vector<Var> pairs;
    for (std::size_t i = 0; i < rows_; ++i) {
      for (std::size_t j = i + 1; j < rows_; ++j) {
        const Var missing = positive_part(-1 * distance(i, j) + margin());
        pairs.push_back(same(i, j) ? square(i, j) : missing * missing);
      }
    }
    return mean(tape, pairs);
  }

  Var triplet() {
    std::vector<Var> hinges;
    for (std::size_t a = 0; a < rows_; ++a) {
      std::vector<Var> near;
      std::vector<Var> far;
      for (std::size_t j = 0; j < rows_; ++j) {
        if (j == a) continue;
        (same(a, j) ? far : near).push_back(same(a, j) ? distance(a, j) : -1 * distance(a, j));
      }
      if (near.empty() || far.empty()) continue;
      if (one_.options.mining == TripletMining::hard) {
        far = {greatest(far)};
        near = {greatest(near)};
      }
      for (const Var& positive : far) {
        for (const Var& minus : near) hinges.push_back(positive_part(positive + minus + margin()));
      }
    }
    return mean(tape, hinges);
  }

  Var single_centre() {
    std::vector<Var> centre;
    for (std::size_t k = 0; k < dims_; ++k) {
      std::vector<Var> values;
      for (std::size_t i = 0; i < rows_; ++i) {
        if (one_.labels[i] == 0) values.push_back(z(i)[k]);
      }
      if (values.empty()) return tape.add(0);
      centre.push_back(mean(tape, values));
    }
    std::vector<Var> natural;
    std::vector<Var> manipulated;
    for (std::size_t i = 0; i < rows_; ++i) {
      (one_.labels[i] == 0 ? natural : manipulated).push_back(root(squared_distance(z(i), centre.data(), dims_)));
    }
    const Var real = mean(tape, natural);
    if (manipulated.empty()) return real;
    return real + positive_part(real - mean(tape, manipulated) + margin());
  }

  Var term() {
    std::vector<Var> classes[2];
    for (std::size_t i = 0; i < rows_; ++i) {
      const Var score = dot(z(i), classifier.data(), dims_) + classifier[dims_];
      const Var y_score = one_.labels[i] == 1 ? score : -1 * score;
      const bool is_hinge = one_.options.term == LossTerm::hinge;
      classes[one_.labels[i]].push_back(is_hinge ? positive_part(-1 * y_score + 1) : log(exp(-1 * y_score) + 1));
    }
    if (classes[0].empty() || classes[1].empty()) return mean(tape, classes[classes[0].empty() ? 1 : 0]);
    return 0.5 * (mean(tape, classes[0]) + mean(tape, classes[1]));
  }
};

std::vector<double> rates_of(const std::vector<Var>& vars, const std::vector<double>& rates) {
  std::vector<double> own;
  for (const Var& var : vars) own.push_back(rates[var.id]);
  return own;
}

}  // namespace

LossValue written_loss(const LossCase& one) {
  Formulas formulas(one);
  const Var loss = formulas.loss();
  const std::vector<double> rates = formulas.tape.gradient(loss);
  return {loss.value, rates[formulas.inverse_temperature.id], rates_of(formulas.u, rates),
          rates_of(formulas.classifier, rates)};
}

LossValue measured_loss(const LossCase& one, int threads) {
  std::vector<float> embeddings(one.u.size(), -7);
  std::vector<float> classifier(one.shape.dims + 1, -7);
  LossWorkspace workspace;
  LossValue value;
  value.loss = contrastive_loss(one.batch(), one.options, threads,
                                {embeddings.data(), &value.temperature, classifier.data()}, workspace);
  value.embeddings.assign(embeddings.begin(), embeddings.end());
  value.classifier.assign(classifier.begin(), classifier.end());
  return value;
}

std::vector<double> per_length(const LossCase& one, std::vector<double> gradient) {
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    const std::size_t row = i / one.shape.dims;
    gradient[i] *= clamped_norm(one.u.data() + row * one.shape.dims, one.shape.dims);
  }
  return gradient;
}

double largest_error(const std::vector<double>& a, const std::vector<double>& b, double least) {
  double error = 0;
  double scale = least;
  for (std::size_t i = 0; i < b.size(); ++i) {
    error = std::max(error, std::abs(a[i] - b[i]));
    scale = std::max(scale, std::abs(b[i]));
  }
  return error / scale;
}

}  // namespace unreel::contrast::test
