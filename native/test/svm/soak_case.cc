#include "soak_case.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/simd_target.h"

namespace unreel::svm::test {
namespace {

/// How the features of a case look; the same for its training set and its queries.
struct Look {
  double offset = 0;    ///< of the classes' centres
  double zeros = 0;     ///< share of features that are exactly zero
  bool grid = false;    ///< few values, so that kernels and gradients tie
  bool unit = false;    ///< rows of length 1
  double constant = 0;  ///< share of columns of one value
  double scale = 1;     ///< of all features
  bool minus_zeros = false;
};

class CaseMaker {
 public:
  explicit CaseMaker(std::uint64_t seed) : random_(seed) {}

  SoakCase make(std::size_t most_rows, std::size_t most_dims) {
    const std::size_t rows = whole_magnitude(2, most_rows);
    const std::size_t dims = whole_magnitude(1, most_dims);
    SoakCase one{Data(rows, dims), Data(whole_magnitude(1, 60), dims), false, {}, 1, 1, {}};
    one.parameters.formulation = chance(0.8)   ? Formulation::c_svc
                                 : chance(0.5) ? Formulation::nu_svc
                                               : Formulation::one_class;
    one.floats = chance(0.5);
    fill(one);
    if (one.parameters.formulation != Formulation::one_class) label(one.data);
    choose_parameters(one);
    one.training_threads = static_cast<int>(1 + random_.below(4));
    one.scoring_threads = static_cast<int>(2 + random_.below(4));
    const std::vector<std::string> targets = simd_targets();
    // The best target is what users have.
    one.target = chance(0.5) ? targets[0] : targets[random_.below(targets.size())];
    return one;
  }

 private:
  bool chance(double probability) { return random_.uniform() < probability; }
  double between(double least, double greatest) { return least + (greatest - least) * random_.uniform(); }
  /// Every order of magnitude is as likely.
  double magnitude(double least, double greatest) { return std::exp(between(std::log(least), std::log(greatest))); }
  std::size_t whole_magnitude(std::size_t least, std::size_t greatest) {
    const double value = magnitude(static_cast<double>(least), static_cast<double>(greatest + 1));
    return std::min(greatest, static_cast<std::size_t>(value));
  }

  Look look() {
    Look look;
    look.offset = chance(0.3) ? 0 : magnitude(0.02, 2);
    look.zeros = chance(0.5) ? 0 : between(0.0, 0.95);
    look.grid = chance(0.2);
    look.unit = !look.grid && chance(0.4);
    look.constant = chance(0.7) ? 0 : between(0.0, 1.0);
    look.scale = look.unit || chance(0.7) ? 1 : magnitude(1e-3, 1e3);
    look.minus_zeros = chance(0.1);
    return look;
  }

  /// Labels first: the classes' centres lie apart.
  void fill(SoakCase& one) {
    const double fakes = chance(0.5) ? 0.5 : random_.uniform();
    for (Data* const data : {&one.data, &one.queries}) {
      for (std::int32_t& label : data->labels) label = chance(fakes) ? 1 : 0;
    }
    if (chance(0.2)) std::sort(one.data.labels.begin(), one.data.labels.end());
    const Look shape = look();
    const std::vector<double> constants = constants_of(shape, one.data.dims);
    for (Data* const data : {&one.data, &one.queries}) {
      for (std::size_t i = 0; i < data->rows; ++i) fill_row(*data, i, shape, constants);
    }
    repeat_rows(one);
    if (one.floats) {
      for (Data* const data : {&one.data, &one.queries}) {
        for (double& value : data->x) value = static_cast<double>(static_cast<float>(value));
      }
    }
    if (one.parameters.formulation == Formulation::one_class) std::fill_n(one.data.labels.data(), one.data.rows, 0);
  }

  /// The value of each constant column, NaN of the others.
  std::vector<double> constants_of(const Look& look, std::size_t dims) {
    std::vector<double> constants(dims, std::nan(""));
    for (double& constant : constants) {
      if (chance(look.constant)) constant = chance(0.5) ? 0 : between(-1.0, 1.0);
    }
    return constants;
  }

  void fill_row(Data& data, std::size_t row, const Look& look, const std::vector<double>& constants) {
    double* const x = data.x.data() + row * data.dims;
    const double centre = data.labels[row] == 1 ? look.offset : -look.offset;
    double squares = 0;
    for (std::size_t k = 0; k < data.dims; ++k) {
      const double value = between(-1.0, 1.0) + centre;
      x[k] = look.grid ? std::round(2 * value) : value;
      if (!std::isnan(constants[k])) x[k] = constants[k];
      if (chance(look.zeros)) x[k] = 0;
      squares += x[k] * x[k];
    }
    const double factor = look.unit && squares > 0 ? 1 / std::sqrt(squares) : look.scale;
    for (std::size_t k = 0; k < data.dims; ++k) {
      x[k] *= factor;
      if (look.minus_zeros && x[k] == 0 && chance(0.5)) x[k] = -0.0;
    }
  }

  /// Some rows again, under their own label or another; some all zero; some queries are rows of the training set.
  void repeat_rows(SoakCase& one) {
    Data& data = one.data;
    const std::size_t copies = chance(0.6) ? 0 : random_.below(data.rows + 1);
    for (std::size_t copy = 0; copy < copies; ++copy) copy_row(data, random_.below(data.rows), data);
    const std::size_t zeros = chance(0.85) ? 0 : 1 + random_.below(3);
    for (std::size_t zero = 0; zero < zeros; ++zero) {
      std::fill_n(data.x.data() + random_.below(data.rows) * data.dims, data.dims, 0.0);
    }
    for (std::size_t i = 0; i < one.queries.rows / 2; ++i) copy_row(data, i, one.queries);
  }

  void copy_row(const Data& from, std::size_t to, Data& data) {
    std::copy_n(from.x.data() + random_.below(from.rows) * from.dims, from.dims, data.x.data() + to * data.dims);
  }

  /// Both classes are there.
  void label(Data& data) {
    const auto [least, greatest] = std::minmax_element(data.labels.begin(), data.labels.end());
    if (*least == *greatest) data.labels[random_.below(data.rows)] = 1 - *least;
  }

  void choose_parameters(SoakCase& one) {
    Parameters& parameters = one.parameters;
    const double length = mean_square(one.data);
    parameters.kernel = kernel(length);
    // What C bounds is scaled by the kernel.
    parameters.c = magnitude(0.01, 1000) / (parameters.kernel.kind == Kernel::linear ? length : 1);
    if (chance(0.4)) {
      parameters.weight_real = magnitude(0.1, 10);
      parameters.weight_fake = magnitude(0.1, 10);
    }
    parameters.nu = nu(one);
    parameters.epsilon = chance(0.7) ? 1e-3 : magnitude(1e-5, 0.5);
    // Where nothing but nu bounds alpha, gradients have the kernel's own scale, at which 1e-3 may be nothing.
    const bool unscaled = parameters.formulation != Formulation::c_svc && parameters.kernel.kind == Kernel::linear;
    if (unscaled) parameters.epsilon *= length;
    parameters.shrinking = chance(0.6);
    // A cache that is far too small makes libsvm compute every row again, for minutes where there are many.
    const double matrix_mb = static_cast<double>(one.data.rows * one.data.rows) * sizeof(float) / (1 << 20);
    parameters.cache_mb = chance(0.4) ? 200 : matrix_mb * magnitude(one.data.rows < 200 ? 0.001 : 0.05, 1.5);
  }

  /// |x|^2 on average; 1 where all is zero.
  static double mean_square(const Data& data) {
    double squares = 0;
    for (const double value : data.x) squares += value * value;
    return squares > 0 ? squares / static_cast<double>(data.rows) : 1;
  }

  KernelFunction kernel(double length) {
    const double coef0 = chance(0.3) ? 0 : between(-1.0, 1.0);
    switch (random_.below(5)) {
      case 0:
        return {Kernel::linear, 0, 0, 0};
      case 1:
        return {Kernel::polynomial, magnitude(0.1, 3) / length, coef0, static_cast<int>(1 + random_.below(5))};
      case 2:
        return {Kernel::sigmoid, magnitude(0.05, 2) / length, coef0, 0};
      default:
        return {Kernel::rbf, magnitude(0.02, 20) / length, 0, 0};
    }
  }

  /// nu_svc can have at most the rarer class's share, twice.
  double nu(const SoakCase& one) {
    if (one.parameters.formulation == Formulation::one_class) return between(0.01, 1.0);
    const auto fakes = static_cast<std::size_t>(std::count(one.data.labels.begin(), one.data.labels.end(), 1));
    const std::size_t fewer = std::min(fakes, one.data.rows - fakes);
    return between(0.05, 0.95) * 2 * static_cast<double>(fewer) / static_cast<double>(one.data.rows);
  }

  Random random_;
};

const char* name_of(Formulation formulation) {
  constexpr const char* kNames[] = {"c_svc", "nu_svc", "one_class"};
  return kNames[static_cast<int>(formulation)];
}

const char* name_of(Kernel kernel) {
  constexpr const char* kNames[] = {"linear", "polynomial", "rbf", "sigmoid"};
  return kNames[static_cast<int>(kernel)];
}

}  // namespace

SoakCase make_soak_case(std::uint64_t seed, std::size_t most_rows, std::size_t most_dims) {
  return CaseMaker(seed).make(most_rows, most_dims);
}

std::string name_of(const Parameters& parameters) {
  return std::string(name_of(parameters.formulation)) + " " + name_of(parameters.kernel.kind);
}

std::string description_of(const SoakCase& one) {
  const Parameters& p = one.parameters;
  char text[400];
  std::snprintf(text, sizeof text,
                "%s, %zu x %zu %s, C %g x (%g, %g), nu %g, gamma %g, coef0 %g, degree %d, epsilon %g, cache %g MiB, "
                "%s, %d threads, %s",
                name_of(p).c_str(), one.data.rows, one.data.dims, one.floats ? "floats" : "doubles", p.c, p.weight_real,
                p.weight_fake, p.nu, p.kernel.gamma, p.kernel.coef0, p.kernel.degree, p.epsilon, p.cache_mb,
                p.shrinking ? "shrinking" : "no shrinking", one.training_threads, one.target.c_str());
  return text;
}

}  // namespace unreel::svm::test
